import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { largestMinor } from '../money'
import {
  accounts,
  balanceOf,
  causeOf,
  eventsOf,
  planRefund,
  postingOf,
  RefundInput,
  standingOf,
  StripeFact,
  TakeInput,
  WriteOffInput,
  type Entry,
  type LedgerEvent,
} from './rules'

const sale = '11111111-1111-4111-8111-111111111111'
const taxes = [{ taxRate: 20_000, netMinor: 10_000, taxMinor: 2000 }]
const nothing = { owedMinor: 0, lostMinor: 0 }
/** "account[@rate] amount", debits first as they were posted. */
const told = (entries: readonly Entry[]) =>
  entries.map(
    ({ account, taxRate, amountMinor }) => `${account}${taxRate === null ? '' : `@${taxRate}`} ${amountMinor}`,
  )

describe('what each event posts', () => {
  const earned: LedgerEvent = { kind: 'earned', saleId: sale, occasion: 'visit', nth: 0, taxes }
  const tax = taxes[0]!
  it.each<[LedgerEvent, number, string[]]>([
    // What is owed before → where it goes.
    [earned, 0, ['receivable 12000', 'revenue@20000 -10000', 'tax@20000 -2000']],
    [earned, -12_000, ['deposits 12000', 'revenue@20000 -10000', 'tax@20000 -2000']],
    [earned, -5000, ['receivable 7000', 'deposits 5000', 'revenue@20000 -10000', 'tax@20000 -2000']],
    [{ kind: 'credited', key: 'k', taxes }, 0, ['deposits -12000', 'revenue@20000 10000', 'tax@20000 2000']],
    [{ kind: 'paid', key: 'pi_1', method: 'stripe', amountMinor: 500 }, 0, ['deposits -500', 'stripe 500']],
    [{ kind: 'paid', key: 'k', method: 'cash', amountMinor: 500 }, 500, ['receivable -500', 'cash 500']],
    [
      { kind: 'paid', key: 'k', method: 'transfer', amountMinor: 500 },
      200,
      ['receivable -200', 'deposits -300', 'transfer 500'],
    ],
    [{ kind: 'voided', key: 'k', method: 'cash', amountMinor: 500 }, -500, ['deposits 500', 'cash -500']],
    [{ kind: 'refund-due', refundId: 'r', amountMinor: 500 }, -500, ['deposits 500', 'refunds_due -500']],
    [{ kind: 'refund-dropped', refundId: 'r', amountMinor: 500 }, 500, ['receivable -500', 'refunds_due 500']],
    [{ kind: 'refund-paid', key: 're_1', method: 'stripe', amountMinor: 500 }, 0, ['refunds_due 500', 'stripe -500']],
    [{ kind: 'refund-failed', key: 're_1', amountMinor: 500 }, 0, ['stripe 500', 'refunds_due -500']],
    [{ kind: 'dispute-opened', dispute: 'd', amountMinor: 500 }, 0, ['disputes 500', 'stripe -500']],
    [{ kind: 'dispute-won', dispute: 'd', amountMinor: 500 }, 0, ['stripe 500', 'disputes -500']],
    [{ kind: 'dispute-lost', dispute: 'd', amountMinor: 500 }, 0, ['receivable 500', 'disputes -500']],
    [{ kind: 'dispute-lost', dispute: 'd', amountMinor: 500 }, -500, ['deposits 500', 'disputes -500']],
    [{ kind: 'dispute-unlost', dispute: 'd', amountMinor: 500 }, 500, ['receivable -500', 'disputes 500']],
    [{ kind: 'written-off', key: 'k', amountMinor: 500 }, 500, ['receivable -500', 'losses 500']],
    [{ kind: 'voucher-sold', voucherId: 'v', tax }, 0, ['receivable 12000', 'vouchers -10000', 'tax@20000 -2000']],
    [{ kind: 'voucher-ended', voucherId: 'v', how: 'used', tax }, 0, ['vouchers 10000', 'revenue@20000 -10000']],
    [{ kind: 'voucher-ended', voucherId: 'v', how: 'lapsed', tax }, 0, ['vouchers 10000', 'revenue@20000 -10000']],
    [
      { kind: 'voucher-ended', voucherId: 'v', how: 'credited', tax },
      0,
      ['deposits -12000', 'vouchers 10000', 'tax@20000 2000'],
    ],
  ])('%j, of which %i was owed', (event, owedMinor, entries) => {
    expect(told(postingOf(event, { owedMinor, lostMinor: 0 })!.entries)).toEqual(entries)
  })

  it('makes good what was given up before anything is on deposit', () => {
    const late: LedgerEvent = { kind: 'paid', key: 'pi_1', method: 'stripe', amountMinor: 700 }
    expect(told(postingOf(late, { owedMinor: 100, lostMinor: 400 })!.entries)).toEqual([
      ...['receivable -100', 'deposits -200', 'losses -400', 'stripe 700'],
    ])
  })

  it('posts nothing for an event of nothing, and breaks on one that does not add up', () => {
    expect(postingOf({ ...earned, taxes: [] }, nothing)).toBeNull()
    expect(postingOf({ kind: 'paid', key: 'k', method: 'cash', amountMinor: 0 }, nothing)).toBeNull()
    for (const amountMinor of [0.5, NaN, Infinity, 2 ** 53])
      expect(() => postingOf({ kind: 'paid', key: 'k', method: 'cash', amountMinor }, nothing)).toThrow('add up')
  })

  it('names a cause for each thing, whoever says it', () => {
    const other = { ...earned, occasion: 'missed' as const }
    const events: LedgerEvent[] = [
      ...[earned, other, { ...other, nth: 1 }],
      { kind: 'paid', key: 'pi_1', method: 'stripe', amountMinor: 1 },
      { kind: 'voided', key: 'pi_1', method: 'cash', amountMinor: 1 },
      { kind: 'refund-due', refundId: 'r', amountMinor: 1 },
      { kind: 'refund-dropped', refundId: 'r', amountMinor: 1 },
      { kind: 'voucher-ended', voucherId: 'v', how: 'used', tax },
    ]
    expect(events.map(causeOf)).toEqual([
      `earned/${sale}/visit/0`,
      `earned/${sale}/missed/0`,
      `earned/${sale}/missed/1`,
      'paid/pi_1',
      'voided/pi_1',
      'refund-due/r',
      'refund-dropped/r',
      'voucher-ended/v',
    ])
    // A voucher ends once, however it does.
    expect(causeOf({ kind: 'voucher-ended', voucherId: 'v', how: 'lapsed', tax })).toBe('voucher-ended/v')
  })
})

it('a balance is of all rates, or of one', () => {
  const entries: Entry[] = [
    { account: 'tax', taxRate: 20_000, amountMinor: -20 },
    { account: 'tax', taxRate: 5500, amountMinor: -5 },
    { account: 'cash', taxRate: null, amountMinor: 25 },
  ]
  expect([balanceOf(entries, 'tax'), balanceOf(entries, 'tax', 5500), balanceOf(entries, 'cash')]).toEqual([
    -25, -5, 25,
  ])
})

// ── what Stripe says ──

const payment = { intent: 'pi_1', paidMinor: 4500, currency: 'eur' }
const refund = { kind: 'refund', ...payment, refund: 're_1', amountMinor: 1000, asked: null } as const
const dispute = { kind: 'dispute', ...payment, dispute: 'dp_1', amountMinor: 3500 } as const

/** Takes facts as the books do: what has its cause posts nothing. */
function hear(facts: readonly StripeFact[]): { entries: Entry[]; causes: string[] } {
  const entries: Entry[] = []
  const causes: string[] = []
  for (const fact of facts)
    for (const event of eventsOf(fact, new Set(causes))) {
      if (causes.includes(causeOf(event))) continue
      causes.push(causeOf(event))
      entries.push(...(postingOf(event, standingOf(entries))?.entries ?? []))
    }
  return { entries, causes }
}
const balances = (entries: readonly Entry[]) =>
  Object.fromEntries(accounts.map((account) => [account, balanceOf(entries, account)]).filter(([, sum]) => sum !== 0))

describe('what Stripe says', () => {
  it.each<[string, StripeFact[], Record<string, number>]>([
    ['a payment', [{ kind: 'payment', ...payment }], { stripe: 4500, deposits: -4500 }],
    ['a refund that is heard of first', [{ ...refund, state: 'made' }], { stripe: 3500, deposits: -3500 }],
    ['one that failed', [{ ...refund, state: 'failed' }], { stripe: 4500, deposits: -3500, refunds_due: -1000 }],
    ['a dispute', [{ ...dispute, state: 'open' }], { stripe: 1000, disputes: 3500, deposits: -4500 }],
    ['one that was lost', [{ ...dispute, state: 'lost' }], { stripe: 1000, deposits: -1000 }],
    ['one that was won', [{ ...dispute, state: 'won' }], { stripe: 4500, deposits: -4500 }],
  ])('%s', (_, facts, expected) => expect(balances(hear(facts).entries)).toEqual(expected))

  it('of a refund that we asked for, leaves what is owed to our own posting', () => {
    const asked = eventsOf({ ...refund, state: 'made', asked: sale }, new Set())
    expect(asked.map(causeOf)).toEqual(['paid/pi_1', 'refund-paid/re_1'])
  })

  it('of a dispute that was won after it was lost, is the same in either order', () => {
    const [lost, won] = [{ ...dispute, state: 'lost' } as const, { ...dispute, state: 'won' } as const]
    expect(hear([lost, won]).causes).toEqual(
      ['paid/pi_1', 'opened', 'lost', 'unlost', 'won'].map((each) =>
        each.includes('/') ? each : `dispute-${each}/dp_1`,
      ),
    )
    expect(balances(hear([won, lost]).entries)).toEqual(balances(hear([lost, won]).entries))
  })

  it('ends alike in any order, any number of times, with any of the earlier words missing', () => {
    // Each object's words in the order in which they come true.
    const stories = fc
      .record({ refunds: fc.array(fc.boolean(), { maxLength: 3 }), disputed: fc.constantFrom(0, 1, 2, 3, 4) })
      .map(({ refunds, disputed }): StripeFact[][] => [
        [{ kind: 'payment', ...payment }],
        ...refunds.map((fails, at): StripeFact[] => {
          const made = { ...refund, refund: `re_${at}`, state: 'made' } as const
          return fails ? [made, { ...made, state: 'failed' }] : [made]
        }),
        (['open', 'lost', 'won'] as const)
          .slice(0, disputed % 4)
          .map((state) => ({ ...dispute, amountMinor: 1500, state })),
      ])
    fc.assert(
      fc.property(stories, fc.infiniteStream(fc.nat()), (story, random) => {
        const all = story.flat()
        const last = story.flatMap((words) => words.slice(-1))
        const expected = balances(hear(all).entries)
        // Only the last word of each, and some of the earlier ones, shuffled and twice.
        const some = [...last, ...last, ...all.filter(() => random.next().value % 2 === 0)]
        const mixed: StripeFact[] = []
        while (some.length) mixed.push(...some.splice(random.next().value % some.length, 1))
        expect(balances(hear(mixed).entries)).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })
})

describe('money back', () => {
  const at = (day: number) => new Date(Date.UTC(2026, 10, day))
  const payments = [
    { paymentId: 'cash', method: 'cash' as const, receivedAt: at(9), leftMinor: 300 },
    { paymentId: 'old', method: 'stripe' as const, receivedAt: at(1), leftMinor: 1000 },
    { paymentId: 'new', method: 'stripe' as const, receivedAt: at(5), leftMinor: 500 },
  ]
  it.each<[number, [string, number][]]>([
    [400, [['new', 400]]],
    [
      600,
      [
        ['new', 500],
        ['old', 100],
      ],
    ],
    [
      1800,
      [
        ['new', 500],
        ['old', 1000],
        ['cash', 300],
      ],
    ],
    // There is no more.
    [
      5000,
      [
        ['new', 500],
        ['old', 1000],
        ['cash', 300],
      ],
    ],
    [0, []],
  ])('of %i', (amount, parts) =>
    expect(planRefund(payments, amount).map((part) => [part.paymentId, part.amountMinor])).toEqual(parts),
  )
})

describe('at the door', () => {
  const take = { appointmentId: sale, key: sale, method: 'cash', amountMinor: 4500 }
  it('only whole amounts above nothing come in, and money that a hand can take', () => {
    expect(TakeInput.parse(take)).toEqual(take)
    for (const amountMinor of [0, -1, 1.5, largestMinor + 1, '4500', NaN, null])
      for (const form of [TakeInput, RefundInput, WriteOffInput])
        expect(form.safeParse({ ...take, amountMinor }).success).toBe(false)
    expect(TakeInput.safeParse({ ...take, method: 'stripe' }).success).toBe(false)
    for (const form of [RefundInput, WriteOffInput])
      expect(form.safeParse({ ...take, key: 'again' }).success).toBe(false)
  })

  it('a fact holds ids, amounts and states, and nothing of the payer', () => {
    const fact = { ...refund, state: 'made', email: 'pat@example.org', description: 'Fertility' }
    expect(StripeFact.parse(fact)).toEqual({ ...refund, state: 'made' })
    for (const wrong of [
      { ...refund, state: 'pending' },
      { ...refund, state: 'made', amountMinor: 0.5 },
      { ...refund, state: 'made', currency: 'EUR' },
      { ...refund, state: 'made', intent: 'pi 1; DROP' },
      { ...refund, state: 'made', asked: 'mine' },
      { ...dispute, state: 'warning_needs_response' },
      { kind: 'payout', ...payment },
    ])
      expect(StripeFact.safeParse(wrong).success).toBe(false)
  })
})
