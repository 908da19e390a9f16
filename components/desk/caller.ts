import { z } from 'zod'
import { Who } from '@/components/booking/values'
import type { Caller } from '@/lib/browser/desk-book'

export const emptyCaller = (locale: string): Caller => ({
  ...{ name: '', birthDate: '', reason: '', email: '', phone: '' },
  locale: locale === 'fr' ? 'fr' : 'en',
})

/** What a booking for somebody new needs; only who it is must be said. */
export const CallerForm = z.object({
  ...{ name: Who.shape.name, birthDate: Who.shape.birthDate, phone: Who.shape.phone },
  reason: z.string().trim().max(2000, { error: 'tooLong' }),
  email: z.union([z.literal(''), Who.shape.email], { error: 'email' }),
  locale: z.enum(['en', 'fr']),
})
export type CallerFaults = Partial<Record<keyof Caller, string>>
