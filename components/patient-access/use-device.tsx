'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { mineMark } from '@/components/booking/own'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Banner } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { useBusy } from '@/components/ui/use-busy'
import { askedBefore, askForCode, confirmWith, type Unknown } from '@/lib/browser/last-resort'

interface Props {
  appointmentId: string
  secret: string
  onDone: () => void
}

/** The last resort of who has no device left: this one may act for them, and opens nothing yet. */
export function UseDevice({ appointmentId, secret, onDone }: Props) {
  const t = useTranslations('recognition.own')
  const errors = useTranslations('errors')
  const [asked, setAsked] = useState<{ device: Unknown; minutes: number } | null>(null)
  const [code, setCode] = useState('')
  const [problem, setProblem] = useState('')
  const say = (refused: string) => errors(errors.has(refused as 'INTERNAL') ? (refused as 'INTERNAL') : 'INTERNAL')
  const finish = () => {
    localStorage.setItem(mineMark(appointmentId), '1')
    onDone()
  }
  useEffect(() => {
    void askedBefore(appointmentId, secret).then((before) => before && setAsked(before))
  }, [appointmentId, secret])
  const [send, sending] = useBusy(async () => {
    const answer = await askForCode(appointmentId, secret)
    setProblem('')
    if (answer.ok) return setAsked(answer)
    if (answer.why === 'known') return finish()
    setProblem(answer.why === 'memory' ? t('memory') : say(answer.code))
  })
  const [confirm, confirming] = useBusy(async () => {
    const answer = await confirmWith(asked!.device, code)
    if (answer.ok) return finish()
    setProblem(say(answer.code === 'BAD_INPUT' ? 'CODE_WRONG' : answer.code))
  })
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="mb-4 text-soft">{t('lead')}</p>
      {asked ? (
        <form
          className="grid gap-4"
          noValidate
          onSubmit={(event) => {
            event.preventDefault()
            void confirm()
          }}
        >
          <p role="status">{t('sent', { minutes: asked.minutes })}</p>
          <TextField
            label={t('mailed')}
            inputMode="numeric"
            autoComplete="one-time-code"
            autoFocus
            maxLength={6}
            required
            value={code}
            error={problem || undefined}
            onChange={(event) => setCode(event.target.value.replace(/\D/g, ''))}
          />
          <div className="flex flex-wrap gap-2.5">
            <Button type="submit" variant="primary" busy={confirming}>
              {t('confirm')}
            </Button>
            <Button variant="quiet" busy={sending} onClick={() => void send()}>
              {t('again')}
            </Button>
          </div>
        </form>
      ) : (
        <>
          <Button variant="primary" busy={sending} onClick={() => void send()}>
            {t('send')}
          </Button>
          {problem ? (
            <Banner tone="danger" announce className="mt-4">
              {problem}
            </Banner>
          ) : null}
        </>
      )}
    </Card>
  )
}
