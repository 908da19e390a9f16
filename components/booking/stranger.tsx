'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useRef } from 'react'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import type { BookingOffer } from '@/lib/booking/rules'
import { FirstVisits, Phone } from './first-visits'

/** For who chose a follow-up and has no visit here that this device could show: what there is for them instead. */
export function Stranger({
  slug,
  onlyKnown: { firstVisits, phone },
}: {
  slug: string
  onlyKnown: NonNullable<BookingOffer['onlyKnown']>
}) {
  const t = useTranslations('audience')
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <Card className="flex flex-col gap-4">
      <h2 ref={heading} tabIndex={-1} className="text-xl outline-none">
        {t('stranger.title')}
      </h2>
      <p>{t(firstVisits.length ? 'stranger.text' : 'stranger.textNone')}</p>
      <FirstVisits services={firstVisits} href={(id) => `/c/${slug}?${new URLSearchParams({ service: id })}`} />
      {phone ? <Phone number={phone}>{t('followUp.call', { phone })}</Phone> : null}
      <p className="border-t border-line pt-4 text-soft">{t('stranger.otherDevice')}</p>
      <LinkButton className="self-start" href="/recover">
        {t('stranger.recover')}
      </LinkButton>
    </Card>
  )
}
