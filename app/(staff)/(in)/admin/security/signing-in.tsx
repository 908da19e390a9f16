'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useRouter } from 'next/navigation'
import { useForm } from 'react-hook-form'
import type { z } from 'zod'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Switch } from '@/components/ui/choice'
import { TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { type Security, SecurityForm } from '@/lib/account/rules'
import { call } from '@/lib/browser/api'

export function SigningIn({ start }: { start: Security }) {
  const t = useTranslations('account')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const router = useRouter()
  const form = useForm<z.input<typeof SecurityForm>, unknown, Security>({
    resolver: zodResolver(SecurityForm),
    defaultValues: start,
  })
  const { register, formState } = form
  const { errors, isSubmitting } = formState
  const save = form.handleSubmit(async (typed) => {
    const answer = await call('account/save-security', typed)
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(c('saved'), 'success')
    // The frame around every page locks by it.
    router.refresh()
  })
  return (
    <Card>
      <CardTitle>{t('security.title')}</CardTitle>
      <form onSubmit={save} noValidate className="flex max-w-prose flex-col gap-5">
        <TextField
          label={t('security.lockMinutes')}
          hint={t('security.lockMinutesHint')}
          inputMode="numeric"
          after="min"
          error={errors.lockMinutes && reason.field(errors.lockMinutes.message)}
          {...register('lockMinutes')}
        />
        <p className="text-soft">{t('security.closing')}</p>
        <Switch
          label={t('security.passkeyRequired')}
          hint={t('security.passkeyRequiredHint')}
          {...register('passkeyRequired')}
        />
        <div>
          <Button type="submit" variant="primary" busy={isSubmitting}>
            {c('save')}
          </Button>
        </div>
      </form>
    </Card>
  )
}
