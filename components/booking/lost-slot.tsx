'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { Banner, Skeleton } from '@/components/ui/status'
import { SlotGrid } from '@/components/ui/times'
import { type BookingOffer, readSlot, slotName, type SlotView } from '@/lib/booking/rules'
import { call } from '@/lib/browser/api'
import type { Slot } from '@/lib/browser/booking-hold'
import { dayIn, formatDay, formatTime } from '@/lib/time'

/** Another time, with every answer kept: the days nearest to the one that was lost. */
export function LostSlot({ offer, onPick }: { offer: BookingOffer; onPick: (slot: Slot) => void }) {
  const t = useTranslations('booking.hold')
  const [slots, setSlots] = useState<SlotView[] | null>(null)
  useEffect(() => {
    const today = dayIn(offer.clinicZone, new Date())
    const lost = dayIn(offer.clinicZone, new Date(offer.slot.startsAt))
    const from = lost < today ? today : lost
    void call(
      'booking/slots',
      { clinicId: offer.clinicId, serviceId: offer.service.id, siteId: offer.slot.siteId, from, days: 14 },
      { retry: true },
    ).then((answer) => setSlots(answer.ok ? answer.value.slots : []))
  }, [offer])
  const days = new Map<string, SlotView[]>()
  for (const slot of slots ?? []) {
    const day = formatDay(new Date(slot.startsAt), offer.zone, offer.locale)
    if (days.size < 4 || days.has(day)) days.set(day, [...(days.get(day) ?? []), slot])
  }
  return (
    <section>
      <Banner tone="warning" title={t('lostTitle')} announce className="mb-6">
        {t('lost')}
      </Banner>
      <h2 className="mb-4 text-xl">{t('pick')}</h2>
      {slots === null ? <Skeleton className="h-40 rounded-card" /> : null}
      {slots?.length === 0 ? <p>{t('none')}</p> : null}
      <SlotGrid
        onPick={(value) => onPick(readSlot(value))}
        groups={[...days].map(([label, each]) => ({
          label,
          slots: each.map((slot) => ({
            value: slotName(slot),
            label: formatTime(new Date(slot.startsAt), offer.zone, offer.locale),
          })),
        }))}
      />
    </section>
  )
}
