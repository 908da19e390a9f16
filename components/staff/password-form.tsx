'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { z } from 'zod'
import { Button } from '@/components/ui/button'
import { PasswordField } from '@/components/ui/password-field'
import { Banner } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import type { SessionCode } from '@/lib/browser/staff-session'
import { useReason } from './use-reason'

const Form = z.object({
  email: z
    .string()
    .trim()
    .toLowerCase()
    .pipe(z.email({ error: 'email' })),
  password: z.string().min(1, { error: 'required' }),
})

/** Address and password, for signing in and for unlocking. */
export function PasswordForm<Right extends { ok: true }>({
  address,
  submit,
  attempt,
  onDone,
}: {
  address: string
  submit: string
  attempt: (email: string, password: string) => Promise<Right | { ok: false; code: SessionCode }>
  onDone: (opened: Right) => void
}) {
  const t = useTranslations('access')
  const reason = useReason()
  const [code, setCode] = useState<SessionCode | null>(null)
  const form = useForm({ resolver: zodResolver(Form), defaultValues: { email: address, password: '' } })
  const { errors, isSubmitting } = form.formState
  const send = form.handleSubmit(async ({ email, password }) => {
    setCode(null)
    const opened = await attempt(email, password).catch(() => ({ ok: false, code: 'INTERNAL' }) as const)
    if (opened.ok) return onDone(opened)
    setCode(opened.code)
    form.setFocus('password')
  })
  return (
    <form onSubmit={send} noValidate className="flex flex-col gap-5">
      {code ? (
        <Banner tone="danger" announce>
          {reason(code)}
        </Banner>
      ) : null}
      <TextField
        label={t('email')}
        type="email"
        autoComplete="username"
        inputMode="email"
        error={errors.email && reason.field(errors.email.message)}
        {...form.register('email')}
      />
      <PasswordField
        label={t('password')}
        revealLabel={t('reveal')}
        concealLabel={t('conceal')}
        autoFocus={Boolean(address)}
        error={errors.password && reason.field(errors.password.message)}
        {...form.register('password')}
      />
      <Button type="submit" variant="primary" block busy={isSubmitting}>
        {submit}
      </Button>
    </form>
  )
}
