'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { KitFields } from '@/components/account/kit-fields'
import { NewPassphrase } from '@/components/account/password'
import { PasskeyButton } from '@/components/staff/passkey-button'
import { PasswordForm } from '@/components/staff/password-form'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Banner } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { signInByKit } from '@/lib/browser/account'
import { type SessionCode, signIn, signInByPasskey } from '@/lib/browser/staff-session'

// A new document: what the sign-in left in this one goes with it.
const enter = () => location.assign('/today')

export function SignIn() {
  const t = useTranslations('access')
  const a = useTranslations('account')
  const [lost, setLost] = useState(false)
  if (lost) return <ByKit onBack={() => setLost(false)} />
  return (
    <Card className="flex flex-col gap-3 sm:p-8">
      <PasswordForm address="" submit={t('signIn.submit')} attempt={signIn} onDone={enter} />
      <PasskeyButton attempt={signInByPasskey} onDone={enter} />
      <Button variant="quiet" onClick={() => setLost(true)}>
        {a('kit.lost')}
      </Button>
    </Card>
  )
}

/** The kit stands for the lost passphrase once, and a new one is set in the same step. */
function ByKit({ onBack }: { onBack: () => void }) {
  const t = useTranslations('account')
  const c = useTranslations('common')
  const reason = useReason()
  const [text, setText] = useState('')
  const [code, setCode] = useState<SessionCode | null>(null)
  const [send, busy] = useBusy(async (passphrase: string) => {
    setCode(null)
    const answer = await signInByKit(text, passphrase).catch(() => ({ ok: false, code: 'INTERNAL' }) as const)
    if (answer.ok) enter()
    else setCode(answer.code)
  })
  return (
    <Card className="flex flex-col gap-5 sm:p-8">
      <div>
        <h2 className="text-xl">{t('kit.lost')}</h2>
        <p className="mt-2 text-soft">{t('kit.lostLead')}</p>
      </div>
      {code ? (
        <Banner tone="danger" announce>
          {reason(code)}
        </Banner>
      ) : null}
      <KitFields text={text} onText={setText} />
      <NewPassphrase submit={t('kit.lostSubmit')} busy={busy} onChosen={(passphrase) => void send(passphrase)} />
      <Button variant="quiet" onClick={onBack}>
        {c('back')}
      </Button>
    </Card>
  )
}
