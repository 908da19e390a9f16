'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useForm, useWatch } from 'react-hook-form'
import { PassphraseFields, PassphraseForm } from '@/components/staff/passphrase-fields'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Banner } from '@/components/ui/status'
import { newPassphrase } from '@/lib/browser/passphrase'
import { openClinic } from '@/lib/browser/registration'
import { signIn } from '@/lib/browser/staff-session'
import type { DetailsForm } from './details'
import type { OpenedClinic } from './open-clinic'

export function Passphrase({
  details,
  onBack,
  onDone,
}: {
  details: DetailsForm
  onBack: (fields: Record<string, string> | null) => void
  onDone: (clinic: OpenedClinic) => void
}) {
  const t = useTranslations('onboarding')
  const c = useTranslations('common')
  const reason = useReason()
  const [code, setCode] = useState<string | null>(null)
  const form = useForm<PassphraseForm>({
    resolver: zodResolver(PassphraseForm),
    defaultValues: () => Promise.resolve({ passphrase: newPassphrase(), again: '', kept: false }),
  })
  const { register, setValue, control, formState } = form
  const value = useWatch({ control, name: 'passphrase' }) ?? ''
  const send = form.handleSubmit(async ({ passphrase }) => {
    setCode(null)
    const owner = { ...details.owner, practitioner: details.practitioner }
    const opened = await openClinic(details, owner, passphrase)
    if (!opened.ok) {
      if (opened.fields) return onBack(opened.fields)
      return setCode(opened.code)
    }
    const signedIn = await signIn(details.owner.email, passphrase)
    if (!signedIn.ok) return setCode(signedIn.code)
    onDone({ ...opened.value, memberId: signedIn.material.memberId })
  })
  return (
    <form onSubmit={send} noValidate className="flex flex-col gap-6">
      <Card className="flex flex-col gap-5">
        <div>
          <h2 className="text-xl">{t('passphraseTitle')}</h2>
          <p className="mt-2 text-soft">{t('passphraseLead')}</p>
        </div>
        {code ? (
          <Banner tone="danger" announce>
            {reason(code)}
          </Banner>
        ) : null}
        <PassphraseFields
          email={details.owner.email}
          value={value}
          register={register}
          setValue={setValue}
          errors={formState.errors}
        />
      </Card>
      <div className="flex flex-wrap gap-3 print:hidden">
        <Button onClick={() => onBack(null)}>{c('back')}</Button>
        <Button type="submit" variant="primary" size="lg" className="flex-1" busy={formState.isSubmitting}>
          {formState.isSubmitting ? t('opening') : t('open')}
        </Button>
      </div>
    </form>
  )
}
