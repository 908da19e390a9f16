import { z } from 'zod'
import { faultsOf, IntakeForm } from '@/lib/intake/rules'
import type { OpenedRecord } from '../staff/use-opened'

const text = z.string().max(20_000)
const answer = z.union([text, z.number(), z.boolean(), z.array(text), z.null()])

/**
 * What a device that nobody stands behind handed in as the patient's. A stranger may have written it, and not by our pages:
 * what has another shape than theirs is not shown at all.
 */
const Unvouched = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('identity'),
    content: z.object({
      name: text,
      birthDate: z.iso.date(),
      email: text,
      phone: text.optional(),
      bookedBy: text.optional(),
    }),
  }),
  z.object({ type: z.literal('reason'), content: z.object({ reason: text }) }),
  z.object({
    type: z.literal('intake'),
    content: z
      .object({ form: IntakeForm, answers: z.record(z.string(), answer) })
      .refine(({ form, answers }) => Object.keys(faultsOf(form, answers)).length === 0),
  }),
])
export type Unvouched = z.output<typeof Unvouched> & { recordId: string; createdAt: string }

/** Null for what opened as anybody's who is known, for what did not open, and for what is not shown. */
export function unvouchedOf({ meta: { type, recordId }, createdAt, opened }: OpenedRecord): Unvouched | null {
  if (opened.ok || !opened.unvouched) return null
  const parsed = Unvouched.safeParse({ type, content: opened.unvouched.content })
  return parsed.success ? { ...parsed.data, recordId, createdAt } : null
}
