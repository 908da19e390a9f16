'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { CopyField } from '@/components/ui/copy-field'
import { PrintIcon } from '@/components/ui/icons'
import { QrCode } from '@/components/ui/qr-code'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { formatDay, formatTime } from '@/lib/time'

interface Props {
  appointmentId: string
  linkSecret: string
  startsAt: string
  practitioner: string
  clinic: string
  zone: string
  /** How it went out by itself; null: it did not. */
  sent?: 'mail' | 'text' | null
  /** All dates of a series: the link is the first one's. */
  visits?: { id: string; startsAt: string }[]
  onClose: () => void
}

/**
 * The link, for whoever is to have it: on the screen, on paper, or sent again. It is put together here and leaves in no
 * request: whoever opens it holds the clinic against the key that this browser knows it by.
 */
export function HandOver({
  appointmentId,
  linkSecret,
  startsAt,
  practitioner,
  clinic,
  zone,
  sent,
  visits,
  onClose,
}: Props) {
  const t = useTranslations('desk')
  const c = useTranslations('common')
  const locale = useLocale()
  const { chain } = useStaff()
  const top = useRef<HTMLParagraphElement>(null)
  // What was a form is an answer now: whoever cannot see it is told.
  useEffect(() => top.current?.focus(), [])
  const link = `${location.origin}/a/${appointmentId}#s=${linkSecret}&k=${chain.rootFingerprint}`
  const at = new Date(startsAt)
  const when = { day: formatDay(at, zone, locale), time: formatTime(at, zone, locale), who: practitioner }
  const dates = visits?.map(({ id, startsAt }) => {
    const begins = new Date(startsAt)
    return (
      <li key={id} className="figures">
        {formatDay(begins, zone, locale)}, {formatTime(begins, zone, locale)}
      </li>
    )
  })
  return (
    <div className="flex flex-col gap-5">
      <div>
        <p ref={top} tabIndex={-1} className="font-semibold outline-none">
          {dates ? t('series.booked', { count: dates.length, who: practitioner }) : t('bookedWhen', when)}
        </p>
        {dates ? (
          <ul aria-label={t('series.dates')} className="my-2">
            {dates}
          </ul>
        ) : null}
        {sent === undefined ? null : (
          <p role="status" className="text-soft">
            {sent ? t(dates ? `series.sent.${sent}` : `sent.${sent}`) : t('hand')}
          </p>
        )}
      </div>
      <div className="grid items-start gap-6 sm:grid-cols-[auto_1fr]">
        <div className="rounded-card border border-line bg-white p-3 max-sm:justify-self-center">
          <QrCode value={link} label={t('qr')} className="size-52" />
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <CopyField
            label={t('linkLabel')}
            hint={t('linkHint')}
            value={link}
            copyLabel={c('copy')}
            copiedLabel={c('copied')}
          />
          <div className="flex flex-wrap gap-2.5">
            <Button icon={<PrintIcon size={18} />} onClick={() => window.print()}>
              {t('print')}
            </Button>
            <SendAgain id={appointmentId} />
          </div>
        </div>
      </div>
      <div className="flex justify-end">
        <Button variant="primary" onClick={onClose}>
          {t('done')}
        </Button>
      </div>
      {createPortal(
        // Alone on its sheet: no name, no reason, and nothing of the page beneath.
        <section data-paper className="hidden text-center print:block">
          <p className="text-lg">{clinic}</p>
          <h1 className="mt-2 text-2xl">{t(dates ? 'series.paperTitle' : 'paperTitle')}</h1>
          {dates ? (
            <ul className="mt-2 text-lg">{dates}</ul>
          ) : (
            <p className="mt-2 text-xl">
              {when.day}, {when.time}
            </p>
          )}
          <QrCode value={link} label={t('qr')} className="mx-auto my-8 size-72" />
          <p>{t(dates ? 'series.paperOpen' : 'paperOpen')}</p>
          <p className="mt-3">{t('paperKeep')}</p>
        </section>,
        document.body,
      )}
    </div>
  )
}

export function SendAgain({ id }: { id: string }) {
  const t = useTranslations('desk')
  const reason = useReason()
  const [said, setSaid] = useState('')
  const [send, sending] = useBusy(async () => {
    setSaid('')
    const answer = await call('desk/send', { id })
    if (answer.ok) setSaid(t(`sentAgain.${answer.value.sent}`))
    else setSaid(answer.code === 'NOT_FOUND' ? t('noWay') : reason(answer.code))
  })
  return (
    <>
      <Button busy={sending} onClick={() => void send()}>
        {t('again')}
      </Button>
      <p role="status" className="basis-full text-sm text-soft empty:hidden">
        {said}
      </p>
    </>
  )
}
