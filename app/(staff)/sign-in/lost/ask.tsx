'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle, PageHeader } from '@/components/ui/card'
import { Banner } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'

const steps = ['mail', 'choose', 'tell', 'wait'] as const

/** Whatever address is typed, the answer is the same: nobody learns here who works at a clinic. */
export function Ask() {
  const t = useTranslations('lost')
  const a = useTranslations('access')
  const reason = useReason()
  const locale = useLocale() === 'fr' ? 'fr' : 'en'
  const [email, setEmail] = useState('')
  const [state, setState] = useState<{ sent: boolean; wrong?: string; code?: string }>({ sent: false })
  const [send, sending] = useBusy(async () => {
    const answer = await call('rekey/ask', { email, locale })
    if (answer.ok) setState({ sent: true })
    else if (answer.code === 'BAD_INPUT') setState({ sent: false, wrong: reason.field('email') })
    else setState({ sent: false, code: reason(answer.code) })
  })
  return (
    <>
      <PageHeader eyebrow={t('eyebrow')} title={t('title')} lead={t('lead')} />
      <div className="flex flex-col gap-6">
        <Card>
          {state.sent ? (
            <Banner
              tone="success"
              title={t('ask.sentTitle')}
              announce
              actions={
                <Button size="sm" onClick={() => setState({ sent: false })}>
                  {t('ask.again')}
                </Button>
              }
            >
              {t('ask.sent')}
            </Banner>
          ) : (
            <form
              noValidate
              className="flex flex-col gap-5"
              onSubmit={(event) => {
                event.preventDefault()
                void send()
              }}
            >
              <TextField
                label={a('email')}
                type="email"
                name="email"
                autoComplete="username"
                error={state.wrong}
                value={email}
                onChange={(event) => {
                  setEmail(event.target.value)
                  if (state.wrong) setState({ sent: false })
                }}
              />
              {state.code ? (
                <Banner tone="danger" announce>
                  {state.code}
                </Banner>
              ) : null}
              <Button type="submit" variant="primary" block busy={sending}>
                {t('ask.submit')}
              </Button>
            </form>
          )}
          <p className="mt-5 text-soft">
            {t('ask.kit')}{' '}
            <a href="/sign-in" className="text-accent underline underline-offset-3">
              {t('ask.kitGo')}
            </a>
          </p>
        </Card>
        <Card>
          <CardTitle>{t('how.title')}</CardTitle>
          <ol className="flex list-decimal flex-col gap-2 ps-5 text-soft marker:font-semibold marker:text-accent">
            {steps.map((step) => (
              <li key={step} className="ps-1">
                {t(`how.${step}`)}
              </li>
            ))}
          </ol>
        </Card>
      </div>
    </>
  )
}
