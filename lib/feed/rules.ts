import { z } from 'zod'

/** How far back and ahead a feed reaches, in days. */
export const feedDays = { back: 30, ahead: 400 } as const
/** The end of a feed's address: 256 bits, and how a calendar program knows what it is. */
export const feedFile = /^([\w-]{43})\.ics$/

export interface FeedView {
  /** When the address was made; null: there is none. */
  madeAt: string | null
}

export const NoInput = z.object({}).strict()

export interface FeedContract {
  /** The address, this once: what is kept of it opens nothing. The one before it ends. */
  'feed/make': { in: z.input<typeof NoInput>; out: FeedView & { url: string } }
  'feed/remove': { in: z.input<typeof NoInput>; out: FeedView }
}
