'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useLocale, useTranslations } from 'next-intl'
import { useForm } from 'react-hook-form'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Select, TextArea, TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import { ConsentTextForm, type ConsentTextView } from '@/lib/clinic/rules'

interface Props {
  text: ConsentTextView | 'new' | null
  onClose: () => void
  onDone: () => Promise<void>
}

/** A text that somebody signed never changes: what is saved here is a new version. */
export function ConsentDialog({ text, ...rest }: Props) {
  const t = useTranslations('admin')
  const c = useTranslations('common')
  return (
    <Dialog
      wide
      title={text === 'new' ? t('consent.add') : t('consent.newVersion')}
      description={t('consent.dialogLead')}
      closeLabel={c('close')}
      open={text !== null}
      onOpenChange={(open) => !open && rest.onClose()}
    >
      {text ? <Form text={text} {...rest} /> : null}
    </Dialog>
  )
}

function Form({ text, onClose, onDone }: Props & { text: ConsentTextView | 'new' }) {
  const t = useTranslations('admin')
  const c = useTranslations('common')
  const locale = useLocale()
  const reason = useReason()
  const toast = useToast()
  const form = useForm({
    resolver: zodResolver(ConsentTextForm),
    defaultValues:
      text === 'new'
        ? { title: '', body: '', locale }
        : { title: text.title, body: text.body, locale: text.locale as 'en' | 'fr' },
  })
  const { register, formState } = form
  const { errors, isSubmitting } = formState
  const save = form.handleSubmit(async (typed) => {
    const answer = await call('clinic/save-consent-text', { ...typed, replaces: text === 'new' ? null : text.id })
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(t('consent.saved', { version: answer.value.version }), 'success')
    await onDone()
    onClose()
  })
  return (
    <form onSubmit={save} noValidate className="flex flex-col gap-5">
      <div className="grid gap-5 sm:grid-cols-[1fr_10rem]">
        <TextField
          label={t('consent.name')}
          error={errors.title && reason.field(errors.title.message)}
          {...register('title')}
        />
        <Select
          label={c('language')}
          options={[
            { value: 'en', label: 'English' },
            { value: 'fr', label: 'Français' },
          ]}
          {...register('locale')}
        />
      </div>
      <TextArea
        label={t('consent.body')}
        rows={12}
        error={errors.body && reason.field(errors.body.message)}
        {...register('body')}
      />
      <Button type="submit" variant="primary" busy={isSubmitting}>
        {c('save')}
      </Button>
    </form>
  )
}
