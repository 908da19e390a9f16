'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { PrintIcon } from '@/components/ui/icons'
import { Banner } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { useBusy } from '@/components/ui/use-busy'
import { useFocusKept } from '@/components/ui/use-focus-kept'
import { kitLink, plainWord, wordsOfSecret } from '@/lib/browser/kit-words'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { fileKey } from '@/lib/browser/recover'
import { vault } from '@/lib/browser/vault'
import { ownZone } from '@/lib/browser/zone'
import { formatDate } from '@/lib/time'
import { KeepPasskey } from './keep-passkey'

interface Kit {
  secret: string
  words: string[]
  /** Which of the words are asked for, from 0: whoever has the page knows them. */
  asked: number[]
}

/** Before the last device is lost: what opens the records without any. */
export function KeepAccess({ own, onKept }: { own: OwnChart; onKept: () => void }) {
  const t = useTranslations('devices.kit')
  const [kept, setKept] = useState<boolean | null>(null)
  useEffect(() => {
    void navigator.storage?.persisted?.().then(setKept)
  }, [])
  return (
    <Card id="keep">
      <CardTitle>{t('title')}</CardTitle>
      {kept === false ? <p className="mb-5 text-sm text-soft">{t('purge')}</p> : null}
      <div className="flex flex-col gap-8">
        <KeepPasskey own={own} onKept={onKept} />
        <KeepPage own={own} onKept={onKept} />
      </div>
    </Card>
  )
}

/** A printed page, tried once before it counts. */
function KeepPage({ own, onKept }: { own: OwnChart; onKept: () => void }) {
  const t = useTranslations('devices.kit')
  const keep = useTranslations('keep.page')
  const errors = useTranslations('errors')
  const locale = useLocale() === 'fr' ? 'fr' : 'en'
  const [kit, setKit] = useState<Kit | null>(null)
  const [typed, setTyped] = useState(['', '', ''])
  const [wrong, setWrong] = useState<number[]>([])
  const [problem, setProblem] = useState('')
  const [done, setDone] = useState(false)
  const title = useFocusKept<HTMLHeadingElement>(done ? 'done' : kit ? 'kit' : 'none')
  const has = own.chart.keys.some(({ kind, state }) => kind === 'kit' && state !== 'revoked')

  const [print, printing] = useBusy(async () => {
    const secret = await vault().newBackupSecret()
    const words = await wordsOfSecret(secret, locale)
    const { default: kitPdf } = await import('./kit-pdf')
    const address = `${location.host}/recover`
    const made = formatDate(new Date(), ownZone(), locale)
    const link = kitLink(location.origin, secret, own.rootFingerprint)
    const file = await kitPdf({ link, words, address, made }, (key, values) => t(key, values as never))
    const url = URL.createObjectURL(file)
    Object.assign(document.createElement('a'), { href: url, download: 'curtain-access.pdf' }).click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
    setTyped(['', '', ''])
    setWrong([])
    setProblem('')
    setKit({ secret, words, asked: threeOf(24) })
  })
  const [finish, finishing] = useBusy(async () => {
    const { secret, words, asked } = kit!
    const same = (text: string, word: string) => plainWord(text) === plainWord(word)
    const bad = asked.filter((at, index) => !same(typed[index]!, words[at]!))
    setWrong(bad)
    if (bad.length) return setProblem(t('wrongWords'))
    const { patientId } = own.patient
    const filed = await fileKey(own.patient, await vault().makeBackup({ patientId, secret }), 'kit')
    setProblem(filed.ok ? '' : errors(filed.code))
    if (!filed.ok) return
    setKit(null)
    setDone(true)
    onKept()
  })

  return (
    <section>
      <h3 ref={title} tabIndex={-1} className="mb-4 scroll-mt-6 text-base font-semibold outline-none">
        {keep('title')}
      </h3>
      {done ? (
        <Banner tone="success" announce>
          {t('done')}
        </Banner>
      ) : kit ? (
        <form
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            void finish()
          }}
        >
          <p>{t('try')}</p>
          {kit.asked.map((at, index) => (
            <TextField
              key={at}
              label={t('word', { number: at + 1 })}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              value={typed[index]}
              error={wrong.includes(at) ? t('wrongWord') : undefined}
              onChange={(event) => setTyped(typed.map((each, other) => (other === index ? event.target.value : each)))}
            />
          ))}
          {problem ? (
            <Banner tone="danger" announce>
              {problem}
            </Banner>
          ) : null}
          <div className="flex flex-wrap gap-2.5">
            <Button type="submit" variant="primary" busy={finishing}>
              {t('finish')}
            </Button>
            <Button onClick={() => setKit(null)}>{t('later')}</Button>
          </div>
        </form>
      ) : (
        <>
          <p className="mb-4 text-soft">{t(has ? 'hasOne' : 'lead')}</p>
          <Button icon={<PrintIcon size={18} />} busy={printing} onClick={() => void print()}>
            {t('print')}
          </Button>
        </>
      )}
    </section>
  )
}

/** Three different places, in order. */
function threeOf(count: number): number[] {
  const places = new Set<number>()
  while (places.size < 3) places.add(crypto.getRandomValues(new Uint8Array(1))[0]! % count)
  return [...places].sort((a, b) => a - b)
}
