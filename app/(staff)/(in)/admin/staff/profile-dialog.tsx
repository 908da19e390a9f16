'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useForm } from 'react-hook-form'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { TextArea, TextField } from '@/components/ui/text-field'
import { Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { groupsOf, MemberProfileInput, type StaffRow } from '@/lib/access/rules'
import { call } from '@/lib/browser/api'
import { extendChain, isIn } from '@/lib/browser/staff-chain'
import { vault } from '@/lib/browser/vault'

interface Props {
  row: StaffRow | null
  onClose: () => void
  onDone: () => Promise<void>
}

export function ProfileDialog({ row, ...rest }: Props) {
  const t = useTranslations('admin')
  const c = useTranslations('common')
  return (
    <Dialog
      title={t('staff.editTitle')}
      closeLabel={c('close')}
      open={row !== null}
      onOpenChange={(open) => !open && rest.onClose()}
    >
      {row ? <Profile row={row} {...rest} /> : null}
      {row && !row.roles.includes('practitioner') ? <Practise row={row} {...rest} /> : null}
    </Dialog>
  )
}

function Profile({ row, onClose, onDone }: Props & { row: StaffRow }) {
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
  const { errors, isSubmitting } = formState
  const save = form.handleSubmit(async (typed) => {
    const answer = await call('access/save-profile', typed)
    if (!answer.ok) return toast(reason(answer.code), 'danger')
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

/** Who saw no patients begins to: a statement in the clinic's chain, signed here, and not a row. */
function Practise({ row, onClose, onDone }: Props & { row: StaffRow }) {
  const t = useTranslations('admin')
  const reason = useReason()
  const toast = useToast()
  const { me, chain: seen, reloadChain } = useStaff()
  const { memberId, displayName: name } = row
  const [add, adding] = useBusy(async () => {
    const { clinicId } = me
    const role = 'practitioner'
    const code = await extendChain(
      clinicId,
      (chain) => vault().addRole({ clinicId, chain, memberId, role, groups: groupsOf([role]) }),
      (signed) => call('access/add-role', { memberId, role, ...signed }),
      reloadChain,
    )
    if (code) return toast(reason(code), 'danger')
    // What this session may open and do has changed with it.
    if (memberId === me.memberId) return location.reload()
    toast(t('staff.practises', { name }), 'success')
    await onDone()
    onClose()
  })
  return (
    <section className="mt-6 border-t border-line pt-5">
      <h3 className="text-lg">{t('staff.practise')}</h3>
      <p className="mt-1 mb-4 text-soft">{t('staff.practiseText', { name })}</p>
      {isIn(seen, me.memberId, 'clinical') ? (
        <Button busy={adding} onClick={() => void add()}>
          {t('staff.practiseAction')}
        </Button>
      ) : (
        <Banner tone="info">{t('invitations.onlyClinical')}</Banner>
      )}
    </section>
  )
}
