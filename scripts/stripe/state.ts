// What the emulator remembers, and what may happen to it. Plain objects in Stripe's own form, all of it on the disk.
import { randomBytes } from 'node:crypto'
import { params, StripeError, type Tree } from './params.ts'

type Fields = Record<string, unknown>
/** An object of Stripe's, and the account it lives in: '' is the platform's own. */
export interface Kept<T = Fields> {
  account: string
  object: T
}

export interface Session extends Fields {
  id: string
  status: 'open' | 'complete' | 'expired'
  payment_status: 'unpaid' | 'paid'
  amount_total: number
  currency: string
  expires_at: number
  success_url: string
  cancel_url: string | null
  locale: string | null
  payment_intent: string | null
  url: string | null
}

export interface Event {
  id: string
  account: string
  body: Fields
  /** The webhook endpoint that it goes to; none: to the platform's. */
  endpoint?: string
  delivered: boolean
  attempts: number
  /** Milliseconds of the machine's own clock. */
  nextAt: number
}

export interface State {
  /** Milliseconds that the emulator's clock is ahead of the machine's. */
  ahead: number
  /** While set, webhooks wait. */
  held: boolean
  kept: Record<string, Kept>
  /** Set when the session is made, for the intent that its payment makes. */
  intentMetadata: Record<string, Record<string, string>>
  lines: Record<string, { name: string; amount: number; quantity: number }[]>
  events: Event[]
  replays: Record<string, { request: string; status: number; body: unknown; at: number }>
  /** Restricted keys of accounts of their own, and what each may not do. */
  keys?: Record<string, RestrictedKey>
}

export interface RestrictedKey {
  account: string
  lacks: string[]
  /** The account is set up to its end. */
  charges?: boolean
}

export const emptyState = (): State => ({
  ahead: 0,
  held: false,
  kept: {},
  intentMetadata: {},
  lines: {},
  events: [],
  replays: {},
})

/** An account with keys of its own, and not one that the platform speaks for. */
const isOwn = (state: State, account: string) => Object.values(state.keys ?? {}).some((key) => key.account === account)

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
export const freshId = (prefix: string, length = 24) =>
  `${prefix}_${[...randomBytes(length)].map((byte) => letters[byte % letters.length]).join('')}`

/** The emulator's clock, in Stripe's seconds. */
export const clock = (state: State) => Math.floor((Date.now() + state.ahead) / 1000)

const missing = (kind: string, id: string) =>
  new StripeError(404, `No such ${kind}: '${id}'`, { code: 'resource_missing', param: kind })
export const keep = <T extends Fields & { id: string }>(state: State, account: string, object: T): T =>
  (state.kept[object.id] = { account, object }).object as T

/** One account's object, as if no other account had any. */
export function find<T extends Fields>(state: State, account: string, kind: string, id: string): T {
  const kept = state.kept[id]
  if (!kept || kept.account !== account || kept.object.object !== kind) throw missing(kind.split('.').pop()!, id)
  return kept.object as T
}

export const listOf = (state: State, account: string, kind: string): Fields[] =>
  Object.values(state.kept)
    .filter((kept) => kept.account === account && kept.object.object === kind)
    .map((kept) => kept.object)
    .reverse()

/** Stripe's retained events are many more; what was delivered long ago is of no use here. */
const mostEvents = 500

function emit(state: State, account: string, type: string, object: Fields): void {
  const id = freshId('evt')
  const body = {
    id,
    object: 'event',
    // An account of its own is told of itself; the platform, of those that are connected to it.
    ...(account && !isOwn(state, account) ? { account } : {}),
    api_version: '2026-10-28.endive',
    created: clock(state),
    data: { object: structuredClone(object) },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  }
  const fresh = { id, account, body, attempts: 0, nextAt: 0 }
  if (!isOwn(state, account)) state.events.push({ ...fresh, delivered: false })
  else {
    const takers = listOf(state, account, 'webhook_endpoint').filter(({ enabled_events }) =>
      (enabled_events as string[]).some((each) => each === '*' || each === type),
    )
    // What goes nowhere can still be listed.
    if (!takers.length) state.events.push({ ...fresh, delivered: true })
    for (const taker of takers) state.events.push({ ...fresh, delivered: false, endpoint: String(taker.id) })
  }
  if (state.events.length <= mostEvents) return
  const oldest = state.events.findIndex((event) => event.delivered)
  if (oldest >= 0) state.events.splice(oldest, 1)
}

export function createProduct(state: State, account: string, form: Tree): Fields {
  const { name, description, metadata } = params.product(form, '')
  const times = { created: clock(state), updated: clock(state), livemode: false }
  const facts = { name, description: description ?? null, active: true, metadata: metadata ?? {} }
  return keep(state, account, { id: freshId('prod', 14), object: 'product', ...facts, ...times })
}

export function createPrice(state: State, account: string, form: Tree): Fields {
  const { currency, unit_amount, product, product_data, metadata } = params.price(form, '')
  if (!product === !product_data)
    throw new StripeError(400, 'You must specify either `product` or `product_data`.', { param: 'product' })
  const of = product
    ? find<{ id: string }>(state, account, 'product', product).id
    : (createProduct(state, account, product_data as Tree).id as string)
  const facts = { active: true, billing_scheme: 'per_unit', currency, product: of, type: 'one_time', unit_amount }
  const rest = { created: clock(state), livemode: false, metadata: metadata ?? {}, recurring: null }
  return keep(state, account, { id: freshId('price'), object: 'price', ...facts, ...rest })
}

const least = 50
const shortest = 30 * 60
const longest = 24 * 60 * 60

export function createSession(state: State, account: string, form: Tree, origin: string): Session {
  const given = params.session(form, '')
  const now = clock(state)
  const lines = given.line_items.map(({ price, price_data, quantity }, index) => {
    if (!price === !price_data)
      throw new StripeError(400, 'You must specify either `price` or `price_data` for each line item.', {
        param: `line_items[${index}]`,
      })
    if (price) {
      const of = find<{ unit_amount: number; currency: string; product: string }>(state, account, 'price', price)
      const { name } = find<{ name: string }>(state, account, 'product', of.product)
      return { name, amount: of.unit_amount, currency: of.currency, quantity }
    }
    const { product, product_data, unit_amount, currency } = price_data!
    if (!product === !product_data)
      throw new StripeError(400, 'You must specify either `product` or `product_data` when creating a price.', {
        param: `line_items[${index}][price_data]`,
      })
    const name = product ? find<{ name: string }>(state, account, 'product', product).name : product_data!.name
    return { name, amount: unit_amount, currency, quantity }
  })
  const currency = lines[0]!.currency
  if (lines.some((line) => line.currency !== currency))
    throw new StripeError(400, 'All line items must have the same currency.', { param: 'line_items' })
  const total = lines.reduce((sum, line) => sum + line.amount * line.quantity, 0)
  if (total < least)
    throw new StripeError(400, `The Checkout Session's total amount must convert to at least ${least} cents.`, {
      code: 'amount_too_small',
    })
  const expires = given.expires_at ?? now + longest
  if (expires < now + shortest || expires > now + longest)
    throw new StripeError(
      400,
      'The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from Checkout Session creation.',
      { param: 'expires_at' },
    )
  const id = freshId('cs_test', 58)
  state.intentMetadata[id] = given.payment_intent_data?.metadata ?? {}
  state.lines[id] = lines
  return keep<Session>(state, account, {
    id,
    object: 'checkout.session',
    amount_subtotal: total,
    amount_total: total,
    cancel_url: given.cancel_url ?? null,
    client_reference_id: given.client_reference_id ?? null,
    created: now,
    currency,
    customer: null,
    customer_details: null,
    customer_email: given.customer_email ?? null,
    expires_at: expires,
    livemode: false,
    locale: given.locale ?? null,
    metadata: given.metadata ?? {},
    mode: 'payment',
    payment_intent: null,
    payment_method_types: ['card'],
    payment_status: 'unpaid',
    status: 'open',
    success_url: given.success_url,
    ui_mode: 'hosted',
    url: `${origin}/c/pay/${id}`,
  })
}

/** Ends the sessions whose time is over. */
export function expireDue(state: State): number {
  const now = clock(state)
  const due = Object.values(state.kept).filter(
    ({ object }) =>
      object.object === 'checkout.session' && object.status === 'open' && Number(object.expires_at) <= now,
  )
  for (const { account, object } of due) endSession(state, account, object as Session)
  return due.length
}

function endSession(state: State, account: string, session: Session): Session {
  Object.assign(session, { status: 'expired', url: null })
  emit(state, account, 'checkout.session.expired', session)
  return session
}

export function expireSession(state: State, account: string, id: string): Session {
  const session = find<Session>(state, account, 'checkout.session', id)
  if (session.status !== 'open')
    throw new StripeError(400, `Only Checkout Sessions with a status in ["open"] can be expired.`)
  return endSession(state, account, session)
}

const intentOf = (state: State, account: string, session: Session): Fields & { id: string } => {
  if (session.payment_intent) return find(state, account, 'payment_intent', session.payment_intent)
  const intent = keep(state, account, {
    id: freshId('pi'),
    object: 'payment_intent',
    amount: session.amount_total,
    amount_received: 0,
    created: clock(state),
    currency: session.currency,
    last_payment_error: null as unknown,
    latest_charge: null as string | null,
    livemode: false,
    metadata: state.intentMetadata[session.id] ?? {},
    payment_method_types: ['card'],
    status: 'requires_payment_method',
  })
  session.payment_intent = intent.id
  return intent
}

const charge = (state: State, account: string, intent: Fields & { id: string }, paid: boolean) =>
  keep(state, account, {
    id: freshId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: paid ? intent.amount : 0,
    amount_refunded: 0,
    captured: paid,
    created: clock(state),
    currency: intent.currency,
    livemode: false,
    metadata: intent.metadata,
    paid,
    payment_intent: intent.id,
    refunded: false,
    status: paid ? 'succeeded' : 'failed',
  })

/** The payer's button. A session that is over, or paid before, stays as it is. */
export function pay(state: State, account: string, session: Session): void {
  if (session.status !== 'open') return
  const intent = intentOf(state, account, session)
  const taken = charge(state, account, intent, true)
  Object.assign(intent, {
    status: 'succeeded',
    amount_received: intent.amount,
    latest_charge: taken.id,
    last_payment_error: null,
  })
  Object.assign(session, { status: 'complete', payment_status: 'paid', url: null })
  emit(state, account, 'charge.succeeded', taken)
  emit(state, account, 'payment_intent.succeeded', intent)
  emit(state, account, 'checkout.session.completed', session)
}

/** A card that the bank refuses: the page stays open for another. */
export function decline(state: State, account: string, session: Session): void {
  if (session.status !== 'open') return
  const intent = intentOf(state, account, session)
  const failed = charge(state, account, intent, false)
  Object.assign(intent, {
    latest_charge: failed.id,
    last_payment_error: { type: 'card_error', code: 'card_declined', message: 'Your card was declined.' },
  })
  emit(state, account, 'charge.failed', failed)
  emit(state, account, 'payment_intent.payment_failed', intent)
}

interface Dispute extends Fields {
  id: string
  charge: string
  status: string
}

/** The payer's bank questions a payment: an inquiry withdraws nothing. */
export function dispute(state: State, intentId: string, status: 'needs_response' | 'warning_needs_response'): Fields {
  const kept = state.kept[intentId]
  const of = (kept?.object as { latest_charge?: string } | undefined)?.latest_charge
  if (!kept || !of) throw missing('payment_intent', intentId)
  const taken = find<Charge>(state, kept.account, 'charge', of)
  const made = keep(state, kept.account, {
    id: freshId('dp'),
    object: 'dispute',
    amount: taken.amount - taken.amount_refunded,
    charge: of,
    created: clock(state),
    currency: taken.currency,
    evidence_details: { due_by: clock(state) + 7 * 86_400, has_evidence: false, past_due: false, submission_count: 0 },
    metadata: {},
    payment_intent: intentId,
    reason: 'fraudulent',
    status,
  })
  taken.disputed = true
  emit(state, kept.account, 'charge.dispute.created', made)
  if (status === 'needs_response') emit(state, kept.account, 'charge.dispute.funds_withdrawn', made)
  return made
}

/** The bank has decided, or has begun to withdraw what it asked about. */
export function moveDispute(state: State, id: string, status: string): void {
  const kept = state.kept[id]
  const made = kept?.object as Dispute | undefined
  if (!kept || made?.object !== 'dispute') throw missing('dispute', id)
  made.status = status
  const over = ['won', 'lost', 'warning_closed'].includes(status)
  if (status === 'won') emit(state, kept.account, 'charge.dispute.funds_reinstated', made)
  if (status === 'won') find<Charge>(state, kept.account, 'charge', made.charge).disputed = false
  emit(state, kept.account, over ? 'charge.dispute.closed' : 'charge.dispute.updated', made)
}

interface Refunded extends Fields {
  id: string
  amount: number
  charge: string
  status: string
}
interface Charge extends Fields {
  id: string
  amount: number
  amount_refunded: number
  paid: boolean
}

/** Days later the bank sends a refund back: the money lies at Stripe again. */
export function failRefund(state: State, id: string): void {
  const kept = state.kept[id]
  const made = kept?.object as Refunded | undefined
  if (!kept || made?.object !== 'refund' || made.status !== 'succeeded') throw missing('refund', id)
  const taken = find<Charge>(state, kept.account, 'charge', made.charge)
  taken.amount_refunded -= made.amount
  taken.refunded = false
  Object.assign(made, { status: 'failed', failure_reason: 'expired_or_canceled_card' })
  emit(state, kept.account, 'refund.updated', made)
  emit(state, kept.account, 'refund.failed', made)
  emit(state, kept.account, 'charge.refund.updated', made)
}

export function refund(state: State, account: string, form: Tree): Fields {
  const given = params.refund(form, '')
  if (!given.payment_intent === !given.charge)
    throw new StripeError(
      400,
      'One of the following params should be provided for this request: payment_intent or charge.',
      {
        code: 'parameter_missing',
      },
    )
  const of =
    given.charge ??
    find<{ latest_charge: string | null }>(state, account, 'payment_intent', given.payment_intent!).latest_charge
  const taken = of && find<Charge>(state, account, 'charge', of)
  if (!taken || !taken.paid)
    throw new StripeError(400, 'This PaymentIntent does not have a successful charge to refund.', {
      param: 'payment_intent',
    })
  if (taken.disputed)
    throw new StripeError(400, `Charge ${of} has been charged back; cannot issue a refund.`, {
      code: 'charge_disputed',
    })
  const left = taken.amount - taken.amount_refunded
  if (left === 0)
    throw new StripeError(400, `Charge ${of} has already been refunded.`, { code: 'charge_already_refunded' })
  const amount = given.amount ?? left
  if (amount > left)
    throw new StripeError(400, `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, {
      param: 'amount',
    })
  taken.amount_refunded += amount
  taken.refunded = taken.amount_refunded === taken.amount
  const made = keep(state, account, {
    id: freshId('re'),
    object: 'refund',
    amount,
    charge: of,
    created: clock(state),
    currency: taken.currency,
    metadata: given.metadata ?? {},
    payment_intent: taken.payment_intent,
    reason: given.reason ?? null,
    status: 'succeeded',
  })
  emit(state, account, 'charge.refunded', taken)
  emit(state, account, 'refund.created', made)
  return made
}
