import { z } from 'zod'
import { Id } from '../ids.ts'

// A code that a clinic gives away: it pays for one visit of one service. Curtain knows nothing of what was paid for the code itself.

/** Without letters that look like others. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
export const codeLength = 16

/** Of random bytes, five bits each: eighty, which nobody guesses. */
export const writeCode = (random: Uint8Array): string =>
  [...random.subarray(0, codeLength)]
    .map((byte) => alphabet[byte & 31])
    .join('')
    .replace(/(.{4})(?=.)/g, '$1-')

/** A code as somebody typed it: small letters, spaces and what looks alike are forgiven. Null for what is none. */
export function readCode(typed: string): string | null {
  const code = typed.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
  return code.length === codeLength && [...code].every((letter) => alphabet.includes(letter)) ? code : null
}

const mostDays = 1100
/** Most codes made at once, and how many of a clinic's may be open. */
export const mostAtOnce = 100
export const mostOpen = 5000
/** A voucher that comes back because the clinic cancelled can be used for so many days at the least. */
export const daysAfterReturn = 60
/** Wrong codes from one address: more is no typing error. */
export const triesAnHour = { points: 10, seconds: 3600 }

export const MakeInput = z.object({
  batchId: Id,
  serviceId: Id,
  count: z.number({ error: 'number' }).int().min(1, { error: 'tooSmall' }).max(mostAtOnce, { error: 'tooLarge' }),
  /** From today on. */
  days: z.number({ error: 'number' }).int().min(1, { error: 'tooSmall' }).max(mostDays, { error: 'tooLarge' }),
})
export const WithdrawInput = z.object({ batchId: Id })
export const NoInput = z.object({}).strict()

/** Where the voucher of a booking stands: used by it, or back in the patient's hands until that day; `gone`: it was, and is no more. */
export type VoucherStanding = { is: 'used' } | { is: 'back'; lastDay: string } | { is: 'gone' }
export function standingOf(
  voucher: { usedBy: string | null; withdrawnAt: Date | null; lastDay: Date },
  appointmentId: string,
  today: string,
): VoucherStanding {
  if (voucher.usedBy === appointmentId) return { is: 'used' }
  const lastDay = voucher.lastDay.toISOString().slice(0, 10)
  return voucher.usedBy || voucher.withdrawnAt || lastDay < today ? { is: 'gone' } : { is: 'back', lastDay }
}

export interface BatchView {
  batchId: string
  service: string
  /** ISO days. */
  madeOn: string
  lastDay: string
  made: number
  used: number
  withdrawn: number
  /** Not withdrawn, whether or not a visit has it: that may be cancelled yet. */
  open: number
  /** No visit can be booked with one of them any more. */
  isOver: boolean
}

export interface VoucherContract {
  'voucher/list': { in: z.input<typeof NoInput>; out: { batches: BatchView[] } }
  /** The codes, which are never shown again. */
  'voucher/make': { in: z.input<typeof MakeInput>; out: { codes: string[]; service: string; lastDay: string } }
  /** All of a batch. A visit that has one keeps it, and what comes back of it is refused. */
  'voucher/withdraw': { in: z.input<typeof WithdrawInput>; out: { withdrawn: number } }
}
