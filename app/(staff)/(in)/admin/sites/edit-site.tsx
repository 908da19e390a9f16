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
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { SiteForm, type SiteRow } from '@/lib/site/rules'

interface Props {
  onClose: () => void
  onDone: () => Promise<void>
}

export function EditSite({ site, ...rest }: Props & { site: SiteRow | null }) {
  const t = useTranslations('sites')
  const c = useTranslations('common')
  return (
    <Dialog
      title={t('editTitle')}
      closeLabel={c('close')}
      open={site !== null}
      onOpenChange={(open) => !open && rest.onClose()}
    >
      {site ? <Fields site={site} {...rest} /> : null}
      {site ? <Closing site={site} {...rest} /> : null}
    </Dialog>
  )
}

function Fields({ site, onClose, onDone }: Props & { site: SiteRow }) {
  const t = useTranslations('sites')
  const reason = useReason()
  const toast = useToast()
  const { id, name, address } = site
  const form = useForm({ resolver: zodResolver(SiteForm), defaultValues: { name, address } })
  const { register, formState } = form
  const { errors, isSubmitting } = formState
  const save = form.handleSubmit(async (typed) => {
    const answer = await call('site/save', { id, ...typed })
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(t('saved', { name: typed.name }), 'success')
    await onDone()
    onClose()
  })
  return (
    <form onSubmit={save} noValidate className="flex flex-col gap-5">
      <TextField label={t('name')} error={errors.name && reason.field(errors.name.message)} {...register('name')} />
      <TextField
        label={t('address')}
        autoComplete="off"
        error={errors.address && reason.field(errors.address.message)}
        {...register('address')}
      />
      <Button type="submit" variant="primary" busy={isSubmitting}>
        {t('save')}
      </Button>
    </form>
  )
}

function Closing({ site, onClose, onDone }: Props & { site: SiteRow }) {
  const t = useTranslations('sites')
  const reason = useReason()
  const toast = useToast()
  const [sure, setSure] = useState(false)
  const { id, name } = site
  const isUsed = site.members > 0 || site.coming > 0 || site.hours > 0
  const [close, closing] = useBusy(async () => {
    const answer = await call('site/close', { id })
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(t('closed', { name }), 'success')
    await onDone()
    onClose()
  })
  return (
    <section className="mt-6 border-t border-line pt-5">
      <h3 className="text-lg">{t('closeSite', { name })}</h3>
      <p className="mt-1 mb-3 text-soft">{t(isUsed ? 'closeUsed' : 'closeText')}</p>
      {isUsed ? null : sure ? (
        <Button variant="danger" busy={closing} onClick={() => void close()}>
          {t('closeSure', { name })}
        </Button>
      ) : (
        <Button onClick={() => setSure(true)}>{t('closeSite', { name })}</Button>
      )}
    </section>
  )
}
