'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useForm } from 'react-hook-form'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import { SiteForm } from '@/lib/site/rules'

const [First, Further] = [SiteForm.extend({ here: SiteForm.shape.name }), SiteForm]

interface Props {
  /** The clinic had one place so far, which needs a name now. */
  first: boolean
  open: boolean
  onOpenChange: (open: boolean) => void
  onDone: () => Promise<void>
}

export function AddSite(props: Props) {
  const t = useTranslations('sites')
  const c = useTranslations('common')
  const { open, onOpenChange } = props
  return (
    <Dialog title={t('add')} description={t('addText')} closeLabel={c('close')} open={open} onOpenChange={onOpenChange}>
      {open ? <Fields {...props} /> : null}
    </Dialog>
  )
}

function Fields({ first, onOpenChange, onDone }: Props) {
  const t = useTranslations('sites')
  const reason = useReason()
  const toast = useToast()
  const form = useForm<{ name: string; address: string; here?: string }>({
    resolver: zodResolver(first ? First : Further) as never,
    defaultValues: { name: '', address: '', here: '' },
  })
  const { register, formState } = form
  const { errors, isSubmitting } = formState
  const send = form.handleSubmit(async ({ name, address, here }) => {
    const before = first ? { id: crypto.randomUUID(), name: here! } : null
    const answer = await call('site/add', { id: crypto.randomUUID(), name, address, here: before })
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(t('added', { name }), 'success')
    await onDone()
    onOpenChange(false)
  })
  return (
    <form onSubmit={send} noValidate className="flex flex-col gap-5">
      {first ? (
        <TextField
          label={t('here')}
          hint={t('hereHint')}
          error={errors.here && reason.field(errors.here.message)}
          {...register('here')}
        />
      ) : null}
      <TextField label={t('name')} error={errors.name && reason.field(errors.name.message)} {...register('name')} />
      <TextField
        label={t('address')}
        autoComplete="off"
        error={errors.address && reason.field(errors.address.message)}
        {...register('address')}
      />
      <Button type="submit" variant="primary" busy={isSubmitting}>
        {t('add')}
      </Button>
    </form>
  )
}
