'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { LockIcon } from '@/components/ui/icons'
import { Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { endReading, openAgreed, type Reading, type SeenRequest } from '@/lib/browser/emergency-officers'
import { dateLocale, formatPlainDay } from '@/lib/time'
import { linesOf } from '@/components/record/lines'

/** What a second administrator agreed to, for as long as it is open: to be read, and nothing else. */
export function AgreedRequest({ request, onChange }: { request: SeenRequest; onChange: () => Promise<void> }) {
  const t = useTranslations('emergency')
  const locale = useLocale()
  const reason = useReason()
  const toast = useToast()
  const { me } = useStaff()
  const [reading, setReading] = useState<Reading | null>(null)
  const [problem, setProblem] = useState('')
  const { row, name } = request
  const until = row.openUntil!
  const time = new Intl.DateTimeFormat(dateLocale(locale), { timeStyle: 'short' }).format(new Date(until))

  // When the time is over the page lets go of it, whether or not the server is asked again.
  useEffect(() => {
    const left = new Date(until).getTime() - Date.now()
    const timer = setTimeout(() => {
      setReading(null)
      void onChange()
    }, left)
    return () => clearTimeout(timer)
  }, [until])

  const [open, opening] = useBusy(async () => {
    const answer = await openAgreed(me.clinicId, request)
    if (answer.ok) setReading(answer.value)
    setProblem(answer.ok ? '' : answer.code)
  })
  const [close, closing] = useBusy(async () => {
    setReading(null)
    const answer = await endReading(request)
    if (!answer.ok) return setProblem(answer.code)
    toast(t('officers.closed'), 'success')
    await onChange()
  })
  return (
    <Card>
      <CardTitle>{name ?? t('officers.unnamed')}</CardTitle>
      <Banner tone="warning" title={t('officers.agreed', { time })} className="mb-5">
        {t('officers.agreedText', { name: row.answeredBy?.name ?? '' })}
      </Banner>
      {problem ? (
        <Banner tone="danger" className="mb-5" announce>
          {problem === 'NO_KEY'
            ? t('officers.elsewhere')
            : problem === 'WRONG_STATE'
              ? t('officers.stopped')
              : reason(problem)}
        </Banner>
      ) : null}
      {reading ? <Records reading={reading} /> : null}
      <div className="flex flex-wrap gap-2.5">
        {reading ? null : (
          <Button variant="primary" busy={opening} onClick={() => void open()}>
            {t('officers.open')}
          </Button>
        )}
        <Button icon={<LockIcon size={18} />} busy={closing} onClick={() => void close()}>
          {t('officers.done')}
        </Button>
      </div>
    </Card>
  )
}

function Records({ reading }: { reading: Reading }) {
  const t = useTranslations('emergency')
  const e = useTranslations('encounter')
  const c = useTranslations('common')
  const locale = useLocale()
  const day = new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'long' })
  const say = {
    yes: c('yes'),
    no: c('no'),
    day: (plain: string) => formatPlainDay(plain, locale, { dateStyle: 'long' }),
  }
  const shown = reading.records.flatMap((record) => {
    const lines = linesOf(record.opened, say)
    return lines.length ? [{ ...record, lines }] : []
  })
  return (
    <section aria-live="polite" className="mb-5">
      {reading.failed ? (
        <Banner tone="danger" className="mb-4">
          {t('officers.failed', { count: reading.failed })}
        </Banner>
      ) : null}
      {shown.length ? null : <p className="text-soft">{t('officers.noRecords')}</p>}
      <ul className="flex flex-col gap-4">
        {shown.toReversed().map(({ opened, createdAt, lines }) => (
          <li key={opened.recordId} className="rounded-control border border-line p-4">
            <h3 className="text-base font-semibold">{e(`type.${opened.type}`)}</h3>
            <p className="mb-2 text-sm text-soft">{day.format(new Date(createdAt))}</p>
            {lines.map((line, index) => (
              <p key={index} className="break-words whitespace-pre-line">
                {line}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </section>
  )
}
