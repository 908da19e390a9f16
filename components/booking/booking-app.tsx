'use client'
import { NextIntlClientProvider } from 'next-intl'
import { useEffect, useState } from 'react'
import { Skeleton } from '@/components/ui/status'
import type { BookingOffer } from '@/lib/booking/rules'
import { BookingForm } from './booking-form'
import { formMessages } from './form-messages'

/** The form with its words, which come with it and not with the page. */
export default function BookingApp({ offer }: { offer: BookingOffer }) {
  const [messages, setMessages] = useState<Awaited<ReturnType<typeof formMessages>> | null>(null)
  useEffect(() => {
    void formMessages(offer.locale).then(setMessages)
  }, [offer.locale])
  if (!messages) return <Skeleton className="h-64 rounded-card" />
  return (
    <NextIntlClientProvider locale={offer.locale} messages={messages} timeZone={offer.zone}>
      <BookingForm offer={offer} />
    </NextIntlClientProvider>
  )
}
