/** Refusals: what a door answers when it will not do as asked. Bugs throw instead. */

/** Refusal code → HTTP status. Each has a sentence in the catalogue under `errors.<CODE>`. */
export const codes = {
  BAD_INPUT: 400,
  BAD_ORIGIN: 403,
  TOO_LARGE: 413,
  NOT_JSON: 415,
  UNKNOWN_ACTION: 404,
  SIGN_IN_FIRST: 401,
  NOT_ALLOWED: 403,
  NOT_FOUND: 404,
  TOO_MANY: 429,
  /** A flooded clinic's hold costs some seconds of work: see booking/flood. */
  WORK_FIRST: 429,
  /** As many wait at the clinic as can be told. */
  LIST_FULL: 409,
  SLOT_TAKEN: 409,
  /** Whoever runs the day may say so all the same. */
  OUTSIDE_HOURS: 409,
  OTHER_READERS: 409,
  /** A group's visits are booked one by one: see booking/session. */
  GROUP_ALONE: 409,
  /** Somebody has a place of the group who pays still, or waits for who comes along. */
  PLACE_HELD: 409,
  /** A follow-up, for somebody of whom the clinic knows no visit: see booking/follow-up. */
  FOLLOW_UP_ONLY: 409,
  /** Beside others as many as the hours allow: see booking/walk-in. */
  WALK_INS_FULL: 409,
  /** Only what the desk itself booked is put beside others. */
  BOOKED_ONLINE: 409,
  HOLD_EXPIRED: 409,
  SLOT_GONE: 409,
  STALE: 409,
  WRONG_PASSWORD: 401,
  PROOF_USED: 401,
  PASSKEY_FIRST: 403,
  PASSKEY_UNKNOWN: 401,
  KIT_UNKNOWN: 401,
  BAD_PROOF: 401,
  LINK_EXPIRED: 410,
  TOO_EARLY: 409,
  TOO_LATE: 409,
  CODE_WRONG: 401,
  CODE_EXPIRED: 410,
  NOT_CONFIRMED: 403,
  NOT_ADMITTED: 403,
  EMAIL_TAKEN: 409,
  SLUG_TAKEN: 409,
  SIGNUP_CLOSED: 403,
  NO_KEY: 409,
  CHAIN_MOVED: 409,
  STALE_EPOCH: 409,
  LAST_OF_GROUP: 409,
  WRONG_STATE: 409,
  PAYMENT_UNAVAILABLE: 409,
  PAYMENTS_NOT_CONNECTED: 409,
  PAYMENTS_NOT_LISTED: 403,
  /** A clinic's own key for Stripe: nobody's, not allowed all that is needed (`fields` has each), its account not ready. */
  STRIPE_KEY_UNKNOWN: 409,
  STRIPE_KEY_LACKS: 409,
  STRIPE_NO_CHARGES: 409,
  STRIPE_NO_ADDRESS: 409,
  STRIPE_AWAY: 409,
  /** A key that is wanted still: a payment is under way, or may be. */
  STRIPE_KEY_IN_USE: 409,
  SFU_UNAVAILABLE: 409,
  /** Nothing was done: the database is asked too much at once. */
  BUSY: 503,
  ON_HOLD: 409,
  STILL_EXPECTED: 409,
  SITE_IN_USE: 409,
  /** Unknown, used, withdrawn, over, or for something else: all the same. */
  VOUCHER_REFUSED: 409,
  /** A visit that is to have another time was to be paid with one that pays for something else by now. */
  VOUCHER_GONE: 409,
} as const

export type Code = keyof typeof codes

export interface Refusal {
  ok: false
  code: Code
  /** Input path → what is wrong with it, as a catalogue key. */
  fields?: Record<string, string>
}
export type Result<T> = { ok: true; value: T } | Refusal

export const ok = <T>(value: T): Result<T> => ({ ok: true, value })
export const refuse = (code: Code, fields?: Record<string, string>): Refusal =>
  fields ? { ok: false, code, fields } : { ok: false, code }
