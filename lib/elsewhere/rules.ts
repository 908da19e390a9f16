import { z } from 'zod'

/** How far back and ahead another calendar is read, in days: as far ahead as the desk books. */
export const busyDays = { back: 1, ahead: 370 } as const
/** Two megabytes are thirty years of a full calendar. */
export const mostBytes = 2 * 1024 * 1024
/** By one member: each reads an address of their choosing. */
export const savesAnHour = { points: 10, seconds: 3600 }

const minute = 60_000
/** When it is read again: each ten minutes, and less and less often while it cannot be read, to each six hours. */
export const nextRead = (failures: number, now: Date): Date =>
  new Date(now.getTime() + Math.min(360, 10 * 2 ** Math.min(failures, 6)) * minute)

export const faults = ['not-allowed', 'unreachable', 'refused', 'too-large', 'no-calendar'] as const
export type Fault = (typeof faults)[number]

/** As calendar programs hand it out; `webcal:` is https by another name. */
export const BusyUrl = z
  .string()
  .trim()
  .max(2000, { error: 'tooLong' })
  .transform((text) => text.replace(/^webcals?:/i, 'https:'))
  .pipe(z.url({ protocol: /^https?$/, error: 'invalid' }))

export const SaveBusyInput = z.object({ url: BusyUrl })
export const NoInput = z.object({}).strict()

export interface BusyView {
  /** Whose server it is on, null: no calendar is read. The address itself is shown to nobody again. */
  host: string | null
  readAt: string | null
  /** Stretches to come that are busy by it. */
  count: number
  /** Why the last reading failed; what was read before it stays. */
  fault: Fault | null
}
export const noBusy: BusyView = { host: null, readAt: null, count: 0, fault: null }

export interface ElsewhereContract {
  'elsewhere/save': { in: z.input<typeof SaveBusyInput>; out: BusyView }
  'elsewhere/remove': { in: z.input<typeof NoInput>; out: BusyView }
}
