'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useForm } from 'react-hook-form'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { TextArea, TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import { type Legal, LegalForm } from '@/lib/invoice/rules'

/** What stands on invoices. What was issued stays as it was. */
export function LegalWords({ start, clinic }: { start: Legal; clinic: string }) {
  const t = useTranslations('admin.legal')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const { register, formState, handleSubmit } = useForm<Legal>({
    resolver: zodResolver(LegalForm),
    defaultValues: start,
  })
  const { errors, isSubmitting } = formState
  const text = (name: keyof Legal) => errors[name] && reason.field(errors[name].message)
  const save = handleSubmit(async (typed) => {
    const answer = await call('clinic/save-legal', typed)
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(c('saved'), 'success')
  })
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="-mt-2 mb-5 max-w-prose text-soft">{t('lead')}</p>
      <form onSubmit={save} noValidate className="flex flex-col gap-5">
        <div className="grid gap-5 sm:grid-cols-2">
          <TextField
            label={t('name')}
            hint={t('nameHint', { name: clinic })}
            error={text('legalName')}
            {...register('legalName')}
          />
          <TextField
            label={t('taxNumber')}
            hint={t('taxNumberHint')}
            error={text('taxNumber')}
            {...register('taxNumber')}
          />
          <TextField
            label={t('prefix')}
            hint={t('prefixHint')}
            error={text('invoicePrefix')}
            {...register('invoicePrefix')}
          />
        </div>
        <TextArea
          label={t('footer')}
          hint={t('footerHint')}
          rows={2}
          error={text('invoiceFooter')}
          {...register('invoiceFooter')}
        />
        <div>
          <Button type="submit" variant="primary" busy={isSubmitting} aria-label={t('save')}>
            {c('save')}
          </Button>
        </div>
      </form>
    </Card>
  )
}
