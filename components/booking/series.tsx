import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { createPortal, flushSync } from 'react-dom'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { PrintIcon } from '@/components/ui/icons'
import { Badge } from '@/components/ui/status'
import type { AppointmentView } from '@/lib/booking/rules'
import { bindAll } from '@/lib/browser/bind-all'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { formatDate, formatTime, sameClock, zoneCity } from '@/lib/time'
import { mineMark } from './own'

const standing = ['booked', 'arrived', 'in_consult']

/** The other visits that were booked together with this one, for the patient's own device: it is told their links as well. */
export function Series({ own, view, locale }: { own: OwnChart; view: AppointmentView; locale: 'en' | 'fr' }) {
  const t = useTranslations('patient.series')
  const [isBound, setBound] = useState(false)
  const [isPrinting, setPrinting] = useState(false)
  const seriesId = own.chart.appointments.find(({ id }) => id === view.id)?.seriesId
  const all = own.chart.appointments
    .filter((each) => seriesId && each.seriesId === seriesId && (standing.includes(each.status) || each.id === view.id))
    .toSorted((a, b) => (a.startsAt < b.startsAt ? -1 : 1))
  const others = all.filter(({ id }) => id !== view.id)
  // Where keys are kept in memory alone, another page would not have them.
  const isKept = own.patient.home === 'stored'
  const ids = others.map(({ id }) => id).join()
  useEffect(() => {
    if (!ids || !isKept) return
    void bindAll(own.patient).then((bound) => {
      const mine = ids.split(',').filter((id) => bound.includes(id))
      for (const id of mine) localStorage.setItem(mineMark(id), '1')
      setBound(mine.length > 0)
    })
  }, [ids, isKept])
  if (!others.length) return null
  const zone = view.timeZone
  const words = (startsAt: string) => {
    const at = new Date(startsAt)
    return `${formatDate(at, zone, locale)}, ${formatTime(at, zone, locale)}`
  }
  const isElsewhere = all.some(({ startsAt }) => !sameClock(zone, view.clinic.timeZone, new Date(startsAt)))
  const print = () => {
    flushSync(() => setPrinting(true))
    // A phone goes on while it prints.
    addEventListener('afterprint', () => setPrinting(false), { once: true })
    window.print()
  }
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <ul className="divide-y divide-line">
        {all.map(({ id, startsAt, status }) => (
          <li key={id} className="figures flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 py-2">
            {id === view.id ? (
              <span aria-current="page" className="font-semibold">
                {words(startsAt)}
              </span>
            ) : isBound ? (
              <a href={`/a/${id}`}>{words(startsAt)}</a>
            ) : (
              <span>{words(startsAt)}</span>
            )}
            {id === view.id ? <Badge tone={standing.includes(status) ? 'accent' : 'neutral'}>{t('this')}</Badge> : null}
          </li>
        ))}
      </ul>
      {isElsewhere ? <p className="mt-2 text-sm text-soft">{t('zone', { zone: zoneCity(zone) })}</p> : null}
      <Button size="sm" className="mt-4" icon={<PrintIcon size={18} />} onClick={print}>
        {t('print')}
      </Button>
      {isPrinting
        ? createPortal(
            // Alone on its sheet: when, and neither with whom nor what for.
            <section data-paper className="hidden text-center print:block">
              <p className="text-lg">{view.clinic.name}</p>
              <h1 className="mt-2 text-2xl">{t('title')}</h1>
              <ul className="mt-4 text-lg">
                {all
                  .filter(({ status }) => standing.includes(status))
                  .map(({ id, startsAt }) => (
                    <li key={id}>{words(startsAt)}</li>
                  ))}
              </ul>
              <p className="mt-4">{t('zone', { zone: zoneCity(zone) })}</p>
              <p className="mt-2">{view.clinic.phone}</p>
            </section>,
            document.body,
          )
        : null}
    </Card>
  )
}
