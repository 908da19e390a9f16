'use client'
import { NextIntlClientProvider, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { mineMark } from '@/components/booking/own'
import { Button, LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Banner } from '@/components/ui/status'
import { TextArea } from '@/components/ui/text-field'
import { useBusy } from '@/components/ui/use-busy'
import { useWordFault } from '@/components/account/use-word-fault'
import { readKitLink, secretOfWords } from '@/lib/browser/kit-words'
import { recover, type Recovered } from '@/lib/browser/recover'
import type { Locale, Messages } from '@/lib/messages/catalogue'
import { UsePasskey } from './use-passkey'

type Props = { locale: Locale; messages: Pick<Messages, 'devices' | 'keep' | 'errors' | 'common'> }

export const RecoverPage = ({ locale, messages }: Props) => (
  <NextIntlClientProvider locale={locale} messages={messages} timeZone="UTC">
    <Recovery />
  </NextIntlClientProvider>
)

function Recovery() {
  const t = useTranslations('devices.recover')
  const keep = useTranslations('keep')
  const faultOf = useWordFault()
  const [scanned, setScanned] = useState<{ secret: string; rootFingerprint: string } | null>(null)
  const [words, setWords] = useState('')
  const [wrong, setWrong] = useState('')
  const [answer, setAnswer] = useState<Recovered | null>(null)

  useEffect(() => {
    const link = readKitLink(location.hash)
    // Taken out of the address before anything else: no history keeps what opens everything.
    if (link) history.replaceState(null, '', location.pathname)
    setScanned(link)
  }, [])

  const [open, opening] = useBusy(async () => {
    const secret = scanned?.secret ?? (await secretOfWords(words))
    setWrong(secret ? '' : await faultOf(words))
    if (!secret) return
    const found = await recover(secret, scanned?.rootFingerprint ?? null)
    if (found.ok) for (const id of found.appointments) localStorage.setItem(mineMark(id), '1')
    setAnswer(found)
  })

  if (answer?.ok)
    return (
      <Card>
        <Banner tone="success" title={t('doneTitle')} announce>
          {t('done')}
        </Banner>
        {answer.appointments[0] ? (
          <LinkButton variant="primary" className="mt-5" href={`/a/${answer.appointments[0]}`}>
            {t('open')}
          </LinkButton>
        ) : null}
      </Card>
    )
  return (
    <Card>
      {scanned ? null : (
        <>
          <h2 className="mb-4 text-lg font-semibold">{keep('passkey.title')}</h2>
          <UsePasskey onDone={(appointments) => setAnswer({ ok: true, appointments })} />
          <h2 className="mt-8 mb-4 text-lg font-semibold">{keep('page.title')}</h2>
        </>
      )}
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          void open()
        }}
      >
        {scanned ? (
          <p>{t('scanned')}</p>
        ) : (
          <TextArea
            label={t('words')}
            hint={t('wordsHint')}
            error={wrong || undefined}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
        )}
        {answer && !answer.ok ? (
          <Banner tone="danger" announce>
            {t(`failed.${answer.why}`)}
          </Banner>
        ) : null}
        <Button type="submit" variant={scanned ? 'primary' : 'secondary'} className="self-start" busy={opening}>
          {t('go')}
        </Button>
      </form>
      <h2 className="mt-8 mb-4 text-lg font-semibold">{keep('neither.title')}</h2>
      <p className="mb-3">{keep('neither.text')}</p>
      <p>
        {keep('neither.other')} <a href="/pair">{keep('neither.pair')}</a>
      </p>
    </Card>
  )
}
