import { describe, expect, it } from 'vitest'
import {
  afterLoss,
  decideCheckout,
  decidePaid,
  decideReturn,
  firstPayment,
  fromMetadata,
  nextPayment,
  nextRefund,
  pageMinor,
  sessionMinutes,
  toMetadata,
  type PaymentEvent,
  type PaymentStatus,
} from './rules'

const states: PaymentStatus[] = ['none', 'due', 'pending', 'paid', 'refunded', 'failed', 'expired']

describe('the payment’s states', () => {
  it.each<[PaymentEvent, Partial<Record<PaymentStatus, PaymentStatus>>]>([
    ['open', { due: 'pending', failed: 'pending', expired: 'pending' }],
    ['pay', { due: 'paid', pending: 'paid', failed: 'paid', expired: 'paid' }],
    ['pay-part', { due: 'due', pending: 'due', failed: 'due', expired: 'due' }],
    ['fail', { pending: 'failed' }],
    ['expire', { pending: 'expired', failed: 'expired' }],
    ['refund', { due: 'refunded', pending: 'refunded', paid: 'refunded', failed: 'refunded', expired: 'refunded' }],
  ])('%s leads from each state to where it should, and nowhere else', (event, expected) => {
    for (const state of states) expect([state, nextPayment(state, event)]).toEqual([state, expected[state] ?? null])
  })

  const run = (start: PaymentStatus, events: readonly PaymentEvent[]) =>
    events.reduce((state, event) => nextPayment(state, event) ?? state, start)

  it('ends the same in every order of the same webhooks, each twice', () => {
    const said: PaymentEvent[] = ['fail', 'expire', 'pay', 'refund']
    for (let chosen = 1; chosen < 1 << said.length; chosen++) {
      const some = said.filter((_, index) => chosen & (1 << index))
      const ends = new Set(ordersOf([...some, ...some]).map((order) => run('pending', order)))
      const end = (['refund', 'pay', 'expire', 'fail'] as const).find((event) => some.includes(event))!
      expect([some, [...ends]]).toEqual([
        some,
        [{ refund: 'refunded', pay: 'paid', expire: 'expired', fail: 'failed' }[end]],
      ])
    }
  })

  it('of a deposit, whose rest is due, too', () => {
    const ends = ordersOf<PaymentEvent>(['fail', 'expire', 'pay-part', 'fail', 'expire', 'pay-part']).map((order) =>
      run('pending', order),
    )
    expect([...new Set(ends)]).toEqual(['due'])
    // Nor does a deposit that is said again open what is paid by now.
    expect(run('pending', ['pay-part', 'open', 'pay', 'pay-part', 'expire'])).toBe('paid')
  })

  it('asks for the deposit, then for the rest, else for all of it', () => {
    const price = { amountMinor: 4500, depositMinor: 1350, counted: [] as string[] }
    expect(pageMinor(price)).toBe(1350)
    expect(pageMinor({ ...price, counted: ['pi_1'] })).toBe(3150)
    expect(pageMinor({ ...price, depositMinor: 0 })).toBe(4500)
    expect(pageMinor({ ...price, depositMinor: 0, counted: ['pi_1'] })).toBe(4500)
  })

  it('a page says what it is for, in words that Stripe keeps; one from before deposits is for all', () => {
    const page = { part: 'rest', attempt: 12 } as const
    expect(fromMetadata(toMetadata(page))).toEqual(page)
    expect(fromMetadata({ clinic: 'c' })).toEqual({ part: 'whole', attempt: 0 })
    expect(fromMetadata({ part: 'all', attempt: '1' }).part).toBe('whole')
    expect(fromMetadata(null).part).toBe('whole')
  })

  it('owes at the start what the service says', () => {
    expect(firstPayment('free', 4500)).toBe('none')
    expect(firstPayment('online', 0)).toBe('none')
    expect(firstPayment('online', 4500)).toBe('pending')
    expect(firstPayment('later', 4500)).toBe('due')
    expect(firstPayment('deposit', 4500)).toBe('pending')
  })

  it('whoever pays later owes as before when a page came to nothing', () => {
    expect(afterLoss('later', 'expired')).toBe('due')
    expect(afterLoss('later', 'failed')).toBe('due')
    expect(afterLoss('later', 'paid')).toBe('paid')
    expect(afterLoss('online', 'expired')).toBe('expired')
    expect(afterLoss('deposit', 'expired')).toBe('expired')
    expect(afterLoss('deposit', 'expired', true)).toBe('due')
  })
})

it.each([
  ['held', 'confirm'],
  ['expired', 'rebook'],
  ['cancelled', 'refund'],
  ['booked', 'nothing'],
  ['completed', 'nothing'],
])('money for an appointment that is %s: %s', (status, decision) => expect(decidePaid(status)).toBe(decision))

it.each<[PaymentStatus, string, string]>([
  ['paid', 'booked', 'paid'],
  ['paid', 'expired', 'refunded'],
  ['refunded', 'expired', 'refunded'],
  ['pending', 'held', 'waiting'],
  ['failed', 'held', 'failed'],
  ['expired', 'expired', 'gone'],
  ['due', 'booked', 'failed'],
  ['none', 'booked', 'unknown'],
])('on the way back, %s and %s: %s', (payment, appointment, state) =>
  expect(decideReturn(payment, appointment)).toBe(state),
)

// Fails when an old word undoes a newer one.
it.each([
  ['due', null, null, 'made', 'paid'],
  ['due', null, null, 'failed', 'failed'],
  ['paid', 're_1', null, 'made', null],
  ['paid', 're_1', null, 'failed', 'failed'],
  ['failed', 're_1', null, 'made', null],
  ['failed', 're_1', null, 'failed', null],
  // Stripe refused it once, and made it all the same.
  ['failed', null, null, 'made', 'paid'],
  ['paid', 're_1', 'cash', 'failed', null],
  ['dropped', 're_1', null, 'failed', null],
  ['dropped', 're_1', null, 'made', null],
] as const)('a refund that is %s (%s, %s), and Stripe says %s: %s', (state, stripeRefund, handed, said, next) =>
  expect(nextRefund({ state, stripeRefund, handed }, said)).toBe(next),
)

describe('the page to pay on', () => {
  const now = new Date('2026-11-21T09:00:00.500Z')
  const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000)
  const fresh = { attempt: 0, sessionId: null, sessionUrl: null, sessionExpiresAt: null }
  const open = { attempt: 1, sessionId: 'cs_1', sessionUrl: 'https://pay/1', sessionExpiresAt: later(20) }

  it('is made once, with its expiry written down before Stripe is asked', () => {
    const plan = decideCheckout(fresh, now)
    expect(plan).toMatchObject({ kind: 'make', attempt: 1 })
    const asked = { ...fresh, attempt: 1, sessionExpiresAt: plan.kind === 'make' ? plan.expiresAt : null }
    expect(asked.sessionExpiresAt!.getTime()).toBe(new Date('2026-11-21T09:00:00Z').getTime() + sessionMinutes * 60_000)
    expect(decideCheckout(asked, later(1))).toEqual({ kind: 'make', attempt: 1, expiresAt: asked.sessionExpiresAt })
    // Too near for Stripe to take: the next attempt.
    expect(decideCheckout(asked, later(2))).toMatchObject({ kind: 'make', attempt: 2 })
  })

  it('is used again while it is open, and ended before another is made', () => {
    expect(decideCheckout(open, now)).toEqual({ kind: 'use', url: 'https://pay/1' })
    expect(decideCheckout(open, later(19))).toEqual({ kind: 'close', sessionId: 'cs_1' })
    expect(decideCheckout({ ...open, sessionUrl: null }, now)).toEqual({ kind: 'close', sessionId: 'cs_1' })
  })
})

function ordersOf<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  const firsts = [...new Set(items)]
  return firsts.flatMap((first) => {
    const rest = [...items]
    rest.splice(rest.indexOf(first), 1)
    return ordersOf(rest).map((order) => [first, ...order])
  })
}
