import { z } from 'zod'

const b64 = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[A-Za-z0-9_-]+$/)

const line = z.string().trim().max(120, { error: 'tooLong' })
const lines = z.string().trim().max(1000, { error: 'tooLong' })

/** What a patient may put on a card: they choose each line, and an empty one is not shown. */
export const CardForm = z.object({
  name: line,
  birthDate: z.union([z.literal(''), z.iso.date({ error: 'date' })]),
  blood: z.string().trim().max(20, { error: 'tooLong' }),
  conditions: lines,
  medicines: lines,
  allergies: lines,
  contacts: lines,
  notes: lines,
})
export type CardForm = z.infer<typeof CardForm>

export const emptyCard: CardForm = {
  ...{ name: '', birthDate: '', blood: '', conditions: '', medicines: '', allergies: '', contacts: '', notes: '' },
}
export const isEmptyCard = (form: CardForm): boolean => Object.values(form).every((text) => text.trim() === '')

/** What is sealed under the code's secret, schema 1. The time is the patient's own word. */
export const CardContent = CardForm.extend({ madeAt: z.iso.datetime() })
export type CardContent = z.infer<typeof CardContent>

/** How often one card may be opened in an hour: an ambulance's crew, not a machine. */
export const cardOpenings = { points: 60, seconds: 3600 }

export const SaveCardInput = z.object({ id: z.uuid(), claimHash: b64(64), sealed: b64(24_000) })
export const NothingInput = z.object({}).strict()
export const OpenCardInput = z.object({ id: z.uuid(), claim: b64(64) })

export interface MyCard {
  card: { id: string; madeAt: string } | null
  /** When cards of theirs were opened, newest first. By whom, nobody knows. */
  openings: string[]
}

export interface EmergencyContract {
  'emergency/my-card': { in: z.input<typeof NothingInput>; out: MyCard }
  'emergency/save-card': { in: z.input<typeof SaveCardInput>; out: { madeAt: string } }
  'emergency/revoke-card': { in: z.input<typeof NothingInput>; out: { done: true } }
  'emergency/open-card': { in: z.input<typeof OpenCardInput>; out: { sealed: string } }
}
