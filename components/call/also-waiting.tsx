'use client'
import Link from 'next/link'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { buttonClass } from '@/components/ui/button'
import { call } from '@/lib/browser/api'
import type { QueueRow } from '@/lib/call/rules'

const POLL_MS = 15_000

/** The next patient may be here already. */
export function AlsoWaiting({ appointmentId, zone }: { appointmentId: string; zone: string }) {
  const t = useTranslations('call.pane')
  const locale = useLocale()
  const [others, setOthers] = useState<QueueRow[]>([])
  useEffect(() => {
    let gone = false
    const look = async () => {
      const answer = await call('call/queue', {})
      if (!gone && answer.ok) setOthers(answer.value.waiting.filter((row) => row.appointmentId !== appointmentId))
    }
    void look()
    const timer = setInterval(() => void look(), POLL_MS)
    return () => {
      gone = true
      clearInterval(timer)
    }
  }, [appointmentId])
  if (others.length === 0) return null
  return (
    <section aria-label={t('others')} className="mt-6 border-t border-line pt-4">
      <h3 className="mb-2 text-lg">{t('others')}</h3>
      <ul className="grid gap-2">
        {others.map((row) => (
          <li key={row.appointmentId} className="flex flex-wrap items-center justify-between gap-2">
            <span>
              <span className="figures font-semibold">
                {new Intl.DateTimeFormat(locale, { timeStyle: 'short', timeZone: zone }).format(new Date(row.startsAt))}
              </span>{' '}
              {row.service}
              <span className="block text-sm text-soft">
                {t('waitingSince', { date: new Date(row.since), timeZone: zone })}
                {row.confirmed ? null : ` · ${t('unknown')}`}
              </span>
            </span>
            <Link href={`/encounter/${row.appointmentId}`} className={buttonClass({ size: 'sm' })}>
              {t('next')}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
