'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import type { z } from 'zod'
import { useReason } from '@/components/staff/use-reason'
import { Button, LinkButton } from '@/components/ui/button'
import { PasswordField } from '@/components/ui/password-field'
import { Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import { ConnectInput, keyPage, permissions, type MoneyRoutes } from '@/lib/merchant/rules'

/** A key is pasted, tested and kept. One that was refused stays where it was typed: it is mended at Stripe, and tested again. */
export function ConnectKey({ clinic, onConnected }: { clinic: string; onConnected: (routes: MoneyRoutes) => void }) {
  const t = useTranslations('admin.payments')
  const reason = useReason()
  const toast = useToast()
  const [refusal, setRefusal] = useState<{ text: string; missing: string[] } | null>(null)
  const { register, handleSubmit, formState, reset, setFocus } = useForm<
    z.input<typeof ConnectInput>,
    unknown,
    z.output<typeof ConnectInput>
  >({ resolver: zodResolver(ConnectInput), defaultValues: { key: '' } })
  const { errors, isSubmitting } = formState
  const submit = handleSubmit(async (typed) => {
    setRefusal(null)
    const answer = await call('merchant/connect', typed)
    if (!answer.ok) {
      const fields = answer.fields ?? {}
      const missing = permissions.filter((each) => each in fields).map((each) => t(`permission.${each}`))
      setRefusal({ text: reason(answer.code), missing })
      return setFocus('key')
    }
    reset()
    toast(t('saved'), 'success')
    onConnected(answer.value)
  })
  return (
    <div className="flex flex-col gap-6">
      <div className="max-w-prose">
        <LinkButton href={keyPage(clinic)} target="_blank" rel="noreferrer">
          {t('makeKey')}
          <span className="sr-only"> ({t('newTab')})</span>
        </LinkButton>
        <p className="mt-3 text-sm text-soft">{t('makeKeyText')}</p>
        <ul className="mt-1.5 grid list-disc gap-x-6 ps-5 text-sm text-soft sm:grid-cols-2">
          {permissions.map((each) => (
            <li key={each}>{t(`permission.${each}`)}</li>
          ))}
        </ul>
      </div>
      <form onSubmit={submit} noValidate className="flex max-w-prose flex-col gap-4">
        <PasswordField
          label={t('keyLabel')}
          hint={t('keyHint')}
          revealLabel={t('show')}
          concealLabel={t('hide')}
          autoComplete="off"
          error={errors.key && reason.field(errors.key.message)}
          {...register('key')}
        />
        {refusal ? (
          <Banner tone="danger" announce>
            {refusal.text}
            {refusal.missing.length ? (
              <>
                <span className="mt-2 block font-semibold">{t('missing')}</span>
                <ul className="list-disc ps-5">
                  {refusal.missing.map((each) => (
                    <li key={each}>{each}</li>
                  ))}
                </ul>
              </>
            ) : null}
          </Banner>
        ) : null}
        <div>
          <Button type="submit" variant="primary" busy={isSubmitting}>
            {t('test')}
          </Button>
        </div>
      </form>
    </div>
  )
}
