'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Banner, Skeleton } from '@/components/ui/status'
import { SlotGrid } from '@/components/ui/times'
import type { BookingOffer } from '@/lib/booking/rules'
import { nearestSlot, readSlot, slotName, type SlotView } from '@/lib/slot/rules'
import { call } from '@/lib/browser/api'
import type { Slot } from '@/lib/browser/booking-hold'
import { dayIn, formatDay, formatTime } from '@/lib/time'

/** Free times from the day of the one that was lost; where a fortnight has none, from the day of the next one. */
async function freeTimes({ clinicId, clinicZone, service, slot }: BookingOffer): Promise<SlotView[]> {
  const today = dayIn(clinicZone, new Date())
  const lost = dayIn(clinicZone, new Date(slot.startsAt))
  const ask = async (from: string) => {
    const wish = { clinicId, serviceId: service.id, siteId: slot.siteId, from, days: 14 }
    const answer = await call('booking/slots', wish, { retry: true })
    return answer.ok ? answer.value : { slots: [], next: null }
  }
  const { slots, next } = await ask(lost < today ? today : lost)
  return slots.length || !next ? slots : (await ask(next)).slots
}

/** Another time, with every answer kept: the nearest one first, and the days after it. */
export function LostSlot({ offer, onPick }: { offer: BookingOffer; onPick: (slot: Slot) => void }) {
  const t = useTranslations('booking.hold')
  const [slots, setSlots] = useState<SlotView[] | null>(null)
  useEffect(() => {
    void freeTimes(offer).then(setSlots)
  }, [offer])
  const day = (slot: SlotView) => formatDay(new Date(slot.startsAt), offer.zone, offer.locale)
  const time = (slot: SlotView) => formatTime(new Date(slot.startsAt), offer.zone, offer.locale)
  const nearest = nearestSlot(slots ?? [], offer.slot)
  const days = new Map<string, SlotView[]>()
  for (const slot of slots ?? [])
    if (days.size < 4 || days.has(day(slot))) days.set(day(slot), [...(days.get(day(slot)) ?? []), slot])
  return (
    <section>
      <Banner tone="warning" title={t('lostTitle')} announce className="mb-6">
        {t('lost')}
      </Banner>
      {slots === null ? <Skeleton className="h-40 rounded-card" /> : null}
      {slots && !nearest ? <p>{t('none')}</p> : null}
      {nearest ? (
        <>
          <h2 className="mb-4 text-xl">{t('nearest')}</h2>
          <Button variant="primary" onClick={() => onPick(nearest)} className="mb-8">
            {t('take', { when: `${day(nearest)}, ${time(nearest)}` })}
          </Button>
          <h2 className="mb-4 text-xl">{t('others')}</h2>
        </>
      ) : null}
      <SlotGrid
        onPick={(value) => onPick(readSlot(value))}
        groups={[...days].map(([label, each]) => ({
          label,
          slots: each.map((slot) => ({ value: slotName(slot), label: time(slot) })),
        }))}
      />
    </section>
  )
}
