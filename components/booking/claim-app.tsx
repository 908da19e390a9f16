'use client'
import { NextIntlClientProvider } from 'next-intl'
import { useEffect, useState } from 'react'
import { Skeleton } from '@/components/ui/status'
import { ClaimForm, type ClaimProps } from './claim-form'
import { formMessages } from './form-messages'

/** The form of a first device with its words, which come with it and not with the page. */
export default function ClaimApp(props: ClaimProps & { locale: 'en' | 'fr' }) {
  const [messages, setMessages] = useState<Awaited<ReturnType<typeof formMessages>> | null>(null)
  useEffect(() => {
    void formMessages(props.locale).then(setMessages)
  }, [props.locale])
  if (!messages) return <Skeleton className="h-64 rounded-card" />
  return (
    <NextIntlClientProvider locale={props.locale} messages={messages} timeZone="UTC">
      <ClaimForm {...props} />
    </NextIntlClientProvider>
  )
}
