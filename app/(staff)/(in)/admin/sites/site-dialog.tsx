'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import { SiteForm, type SiteRow } from '@/lib/site/rules'
import { Closing } from './closing'

const [First, Further] = [SiteForm.extend({ here: SiteForm.shape.name }), SiteForm]

interface Props {
  /** The one that is edited, or a new one; null: neither. */
  site: SiteRow | 'new' | null
  /** The clinic had one place so far, which needs a name now. */
  first: boolean
  onClose: () => void
  onDone: () => Promise<void>
}

export function SiteDialog(props: Props) {
  const t = useTranslations('sites')
  const c = useTranslations('common')
  const { site, onClose } = props
  const isNew = site === 'new'
  return (
    <Dialog
      title={t(isNew ? 'add' : 'editTitle')}
      description={isNew ? t('addText') : undefined}
      closeLabel={c('close')}
      open={site !== null}
      onOpenChange={(open) => !open && onClose()}
    >
      {site ? <Fields {...props} site={site} /> : null}
      {site && !isNew ? <Closing {...props} site={site} /> : null}
    </Dialog>
  )
}

function Fields({ site, first, onClose, onDone }: Props & { site: SiteRow | 'new' }) {
  const t = useTranslations('sites')
  const reason = useReason()
  const toast = useToast()
  const old = site === 'new' ? null : site
  // Made once: what is sent again after a lost answer is the same site, and no second one.
  const [ids] = useState(() => ({ id: old?.id ?? crypto.randomUUID(), here: crypto.randomUUID() }))
  const namesHere = !old && first
  const form = useForm<{ name: string; address: string; here?: string }>({
    resolver: zodResolver(namesHere ? First : Further) as never,
    defaultValues: { name: old?.name ?? '', address: old?.address ?? '', here: '' },
  })
  const { register, formState, setError } = form
  const { errors, isSubmitting } = formState
  const send = form.handleSubmit(async ({ name, address, here }) => {
    const { id } = ids
    const answer = old
      ? await call('site/save', { id, name, address })
      : await call('site/add', { id, name, address, here: namesHere ? { id: ids.here, name: here! } : null })
    if (!answer.ok && answer.fields?.name) return setError('name', { message: answer.fields.name })
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(t(old ? 'saved' : 'added', { name }), 'success')
    await onDone()
    onClose()
  })
  return (
    <form onSubmit={send} noValidate className="flex flex-col gap-5">
      {namesHere ? (
        <TextField
          label={t('here')}
          hint={t('hereHint')}
          error={errors.here && reason.field(errors.here.message)}
          {...register('here')}
        />
      ) : null}
      <TextField
        label={t(namesHere ? 'newName' : 'name')}
        error={errors.name && reason.field(errors.name.message)}
        {...register('name')}
      />
      <TextField
        label={t('address')}
        autoComplete="off"
        error={errors.address && reason.field(errors.address.message)}
        {...register('address')}
      />
      <Button type="submit" variant="primary" busy={isSubmitting}>
        {t(old ? 'save' : 'add')}
      </Button>
    </form>
  )
}
