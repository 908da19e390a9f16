'use client'
import { useLocale } from 'next-intl'
import { dateLocale } from '@/lib/time'

/** A moment of the member's own doing, by the clock of the device in front of them. */
export function useWhen() {
  const locale = useLocale()
  return (iso: string) =>
    new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso))
}
