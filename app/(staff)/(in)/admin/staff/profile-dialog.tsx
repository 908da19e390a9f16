'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useEffect, useRef } from 'react'
import { useForm } from 'react-hook-form'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { TextArea, TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { MemberProfileInput, type StaffRow } from '@/lib/access/rules'
import { call } from '@/lib/browser/api'
import type { MemberProps, Unsaved } from './member-props'
import { Removal } from './removal'
import { Roles } from './roles'

interface Props extends Omit<MemberProps, 'row'> {
  row: StaffRow | null
}

export function ProfileDialog({ row, ...rest }: Props) {
  const t = useTranslations('admin')
  const c = useTranslations('common')
  /** What is chosen in one part and not saved: the other's button does not throw it away. */
  const unsaved = useRef({ profile: false, roles: false })
  const part = (mine: 'profile' | 'roles', other: 'profile' | 'roles') => ({
    ...rest,
    onClose: () => !unsaved.current[other] && rest.onClose(),
    onUnsaved: (is: boolean) => {
      unsaved.current[mine] = is
    },
  })
  return (
    <Dialog
      title={t('staff.editTitle')}
      closeLabel={c('close')}
      open={row !== null}
      onOpenChange={(open) => !open && rest.onClose()}
    >
      {row ? <Profile row={row} {...part('profile', 'roles')} /> : null}
      {row ? <Roles key={row.memberId} row={row} {...part('roles', 'profile')} /> : null}
      {row ? <Removal row={row} {...rest} /> : null}
    </Dialog>
  )
}

function Profile({ row, onClose, onDone, onUnsaved }: MemberProps & Unsaved) {
  const t = useTranslations('admin')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const { memberId, displayName, title, bio } = row
  const form = useForm({
    resolver: zodResolver(MemberProfileInput),
    defaultValues: { memberId, displayName, title, bio },
  })
  const { register, formState } = form
  const { errors, isSubmitting, isDirty } = formState
  useEffect(() => onUnsaved(isDirty), [isDirty])
  const save = form.handleSubmit(async (typed) => {
    const answer = await call('access/save-profile', typed)
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(c('saved'), 'success')
    form.reset(typed)
    await onDone()
    onClose()
  })
  return (
    <form onSubmit={save} noValidate className="flex flex-col gap-5">
      <TextField
        label={t('staff.name')}
        error={errors.displayName && reason.field(errors.displayName.message)}
        {...register('displayName')}
      />
      <TextField
        label={t('staff.profession')}
        error={errors.title && reason.field(errors.title.message)}
        {...register('title')}
      />
      <TextArea
        label={t('staff.bio')}
        hint={t('staff.bioHint')}
        error={errors.bio && reason.field(errors.bio.message)}
        {...register('bio')}
      />
      <Button type="submit" variant="primary" busy={isSubmitting}>
        {c('save')}
      </Button>
    </form>
  )
}
