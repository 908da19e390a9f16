'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useRef } from 'react'
import { Button } from '@/components/ui/button'
import { formatDay, formatTime } from '@/lib/time'

interface Props {
  startsAt: string
  until: string
  practitioner: string
  zone: string
  onClose: () => void
}

/** Not booked yet: until when it is held for somebody's yes, and what happens without one. There is no link to hand over. */
export function HeldFor({ startsAt, until, practitioner, zone, onClose }: Props) {
  const t = useTranslations('companion')
  const locale = useLocale()
  const top = useRef<HTMLParagraphElement>(null)
  // What was a form is an answer now: whoever cannot see it is told.
  useEffect(() => top.current?.focus(), [])
  const [at, end] = [new Date(startsAt), new Date(until)]
  return (
    <div className="flex flex-col gap-5">
      <p ref={top} tabIndex={-1} className="font-semibold outline-none">
        {t('held', {
          ...{ day: formatDay(at, zone, locale), time: formatTime(at, zone, locale), who: practitioner },
          until: `${formatDay(end, zone, locale)}, ${formatTime(end, zone, locale)}`,
        })}
      </p>
      <p className="text-soft">{t('heldNext')}</p>
      <div className="flex justify-end">
        <Button variant="primary" onClick={onClose}>
          {t('done')}
        </Button>
      </div>
    </div>
  )
}
