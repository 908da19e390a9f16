'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FieldErrors, UseFormRegister, UseFormSetValue } from 'react-hook-form'
import { z } from 'zod'
import { Button } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/choice'
import { CodeWords } from '@/components/ui/code-words'
import { PenIcon, PrintIcon, RefreshIcon } from '@/components/ui/icons'
import { PasswordField } from '@/components/ui/password-field'
import { isWeakPassword, newPassphrase } from '@/lib/browser/passphrase'
import { useReason } from './use-reason'

/** Made here unless the person insists; typed once more, so that nobody shuts themself out for good. */
export const PassphraseForm = z
  .object({ passphrase: z.string(), again: z.string(), kept: z.boolean() })
  .superRefine(({ passphrase, again, kept }, context) => {
    if (isWeakPassword(passphrase)) context.addIssue({ code: 'custom', path: ['passphrase'], message: 'weakPassword' })
    if (passphrase !== again.trim()) context.addIssue({ code: 'custom', path: ['again'], message: 'mismatch' })
    if (!kept) context.addIssue({ code: 'custom', path: ['kept'], message: 'accept' })
  })
export type PassphraseForm = z.infer<typeof PassphraseForm>

export function PassphraseFields({
  email,
  register,
  setValue,
  errors,
  value,
}: {
  email: string
  register: UseFormRegister<PassphraseForm>
  setValue: UseFormSetValue<PassphraseForm>
  errors: FieldErrors<PassphraseForm>
  value: string
}) {
  const t = useTranslations('onboarding')
  const a = useTranslations('access')
  const reason = useReason()
  const [own, setOwn] = useState(false)
  const reveal = { revealLabel: a('reveal'), concealLabel: a('conceal') }
  return (
    <div className="flex flex-col gap-5">
      {own ? (
        <PasswordField
          label={t('ownLabel')}
          hint={t('ownHint')}
          autoComplete="new-password"
          {...reveal}
          generate={newPassphrase}
          generateLabel={t('another')}
          error={errors.passphrase && reason.field(errors.passphrase.message)}
          {...register('passphrase')}
        />
      ) : (
        <>
          <CodeWords label={t('passphraseLabel')} parts={[value]} />
          <div className="-mt-2 flex flex-wrap gap-1 print:hidden">
            <Button
              variant="quiet"
              size="sm"
              icon={<RefreshIcon size={18} />}
              onClick={() => setValue('passphrase', newPassphrase())}
            >
              {t('another')}
            </Button>
            <Button variant="quiet" size="sm" icon={<PrintIcon size={18} />} onClick={() => print()}>
              {t('print')}
            </Button>
            <Button
              variant="quiet"
              size="sm"
              icon={<PenIcon size={18} />}
              onClick={() => {
                setOwn(true)
                setValue('passphrase', '')
              }}
            >
              {t('own')}
            </Button>
          </div>
        </>
      )}
      {/* For password managers: they keep a pair. */}
      <input type="email" autoComplete="username" value={email} readOnly hidden />
      <PasswordField
        label={t('again')}
        hint={t('againHint')}
        autoComplete="new-password"
        {...reveal}
        error={errors.again && reason.field(errors.again.message)}
        {...register('again')}
      />
      <Checkbox label={t('kept')} error={errors.kept && t('keptFirst')} {...register('kept')} />
    </div>
  )
}
