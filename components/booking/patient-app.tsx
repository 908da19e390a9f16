'use client'
import { NextIntlClientProvider } from 'next-intl'
import { useEffect, useState } from 'react'
import { Skeleton } from '@/components/ui/status'
import type { OwnProps } from './own'
import { formMessages } from './form-messages'
import { PatientOwn } from './patient-own'

export default function PatientApp(props: OwnProps) {
  const [messages, setMessages] = useState<Awaited<ReturnType<typeof formMessages>> | null>(null)
  useEffect(() => {
    void formMessages(props.locale).then(setMessages)
  }, [props.locale])
  if (!messages) return <Skeleton className="h-40 rounded-card" />
  return (
    <NextIntlClientProvider locale={props.locale} messages={messages} timeZone="UTC">
      <PatientOwn {...props} />
    </NextIntlClientProvider>
  )
}
