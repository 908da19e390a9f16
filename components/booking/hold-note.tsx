'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { ClockIcon } from '@/components/ui/icons'
import type { BookingOffer, Hold } from '@/lib/booking/rules'

interface Props {
  hold: Hold | 'taking' | 'working' | 'over' | 'lost'
  /** Those of whom the patient could choose none: the hold says who it is. */
  practitioners: BookingOffer['practitioners']
  onOver: () => void
}

/** How long the time is kept, and with whom it is. Read aloud when it begins, near its end and when it is over, not each minute. */
export function HoldNote({ hold, practitioners, onOver }: Props) {
  const t = useTranslations('booking.hold')
  const [left, setLeft] = useState(0)
  useEffect(() => {
    if (typeof hold !== 'object') return
    // The server's clock set the end; this page's clock only measures from now.
    const end = performance.now() + Math.max(0, Date.parse(hold.heldUntil) - Date.parse(hold.now))
    const look = () => {
      const rest = end - performance.now()
      setLeft(rest)
      if (rest <= 0) onOver()
    }
    look()
    const timer = setInterval(look, 5000)
    return () => clearInterval(timer)
  }, [hold])
  const minutes = Math.floor(left / 60_000)
  const text =
    hold === 'taking' || hold === 'working'
      ? t(hold)
      : hold === 'over'
        ? t('over')
        : minutes < 1
          ? t('soon')
          : t('left', { minutes })
  const who = typeof hold === 'object' && practitioners.find(({ id }) => id === hold.memberId)
  return (
    <>
      {who ? (
        <p role="status" className="mb-1 text-sm font-semibold">
          {t('with', { name: who.name })}
        </p>
      ) : null}
      <p className="figures flex items-start gap-2.5 text-sm font-semibold">
        <ClockIcon size={18} className="mt-0.5 shrink-0 text-accent" />
        {text}
      </p>
      <p role="status" className="sr-only">
        {hold === 'over' || hold === 'taking' || hold === 'working' || minutes < 2 ? text : ''}
      </p>
    </>
  )
}
