'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { KitFields } from '@/components/account/kit-fields'
import { useKitReason } from '@/components/account/use-kit-reason'
import { NewPassphrase } from '@/components/account/password'
import { ChainNotice } from '@/components/staff/chain-notice'
import { type ChainStop, stopOf } from '@/components/staff/chain-stop'
import { PasskeyButton } from '@/components/staff/passkey-button'
import { PasswordForm } from '@/components/staff/password-form'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Banner } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { signInByKit } from '@/lib/browser/account'
import { type SessionCode, signIn, signInByPasskey } from '@/lib/browser/staff-session'
import { vault } from '@/lib/browser/vault'

// A new document: what the sign-in left in this one goes with it.
const enter = () => location.assign('/today')

export function SignIn({
  ended,
}: {
  /** By somebody else than who sits here: another device of theirs, or an administrator. */
  ended: boolean
}) {
  const t = useTranslations('access')
  const a = useTranslations('account')
  const [lost, setLost] = useState(false)
  const [stop, setStop] = useState<ChainStop | null>(null)
  /** A list of members that does not add up ends the sign-in, whatever it was by: nothing stays open. */
  const held = async <Answer extends { ok: true } | { ok: false; code: SessionCode }>(
    attempt: Promise<Answer>,
  ): Promise<Answer> => {
    const answer = await attempt
    const how = answer.ok ? null : stopOf(answer.code)
    if (how) {
      await vault().lock()
      setStop(how)
    }
    return answer
  }
  if (stop) return <ChainNotice stop={stop} level={2} />
  if (lost) return <ByKit held={held} onBack={() => setLost(false)} />
  return (
    <Card className="flex flex-col gap-3 sm:p-8">
      {ended ? (
        <Banner tone="info" title={t('signIn.ended')} announce className="mb-3">
          {t('signIn.endedText')}
        </Banner>
      ) : null}
      <PasswordForm
        address=""
        submit={t('signIn.submit')}
        attempt={(email, password) => held(signIn(email, password))}
        onDone={enter}
      />
      <PasskeyButton attempt={() => held(signInByPasskey())} onDone={enter} />
      <Button variant="quiet" onClick={() => setLost(true)}>
        {a('kit.lost')}
      </Button>
      <LostBoth />
    </Card>
  )
}

/** The kit stands for the lost passphrase once, and a new one is set in the same step. */
function ByKit({
  held,
  onBack,
}: {
  held: (attempt: ReturnType<typeof signInByKit>) => ReturnType<typeof signInByKit>
  onBack: () => void
}) {
  const t = useTranslations('account')
  const c = useTranslations('common')
  const reason = useKitReason()
  const [text, setText] = useState('')
  const [problem, setProblem] = useState('')
  const [send, busy] = useBusy(async (passphrase: string) => {
    setProblem('')
    const answer = await held(signInByKit(text, passphrase)).catch(() => ({ ok: false, code: 'INTERNAL' }) as const)
    if (answer.ok) enter()
    else setProblem(await reason(answer.code, text))
  })
  return (
    <Card className="flex flex-col gap-5 sm:p-8">
      <div>
        <h2 className="text-xl">{t('kit.lost')}</h2>
        <p className="mt-2 text-soft">{t('kit.lostLead')}</p>
      </div>
      {problem ? (
        <Banner tone="danger" announce>
          {problem}
        </Banner>
      ) : null}
      <KitFields text={text} onText={setText} />
      <NewPassphrase submit={t('kit.lostSubmit')} busy={busy} onChosen={(passphrase) => void send(passphrase)} />
      <Button variant="quiet" onClick={onBack}>
        {c('back')}
      </Button>
      <LostBoth />
    </Card>
  )
}

/** What is left then: two colleagues. */
function LostBoth() {
  const t = useTranslations('account')
  return (
    <a href="/sign-in/lost" className="self-center py-2 text-center text-accent underline underline-offset-3">
      {t('kit.lostBoth')}
    </a>
  )
}
