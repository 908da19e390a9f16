// Random histories of a clinic's money, with deaths between any two steps, against sums made from its rows and from Stripe's own.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addTaxes } from '../invoice/rules.ts'
import { fixTerms, type PartOfPrice } from '../price/rules.ts'
import { accounts, balanceOf, type Account, type Entry } from './rules.ts'
import { Clinic } from './testing.ts'
import type { Payment, Refund } from './testing-db.ts'

const currencies = ['eur', 'jpy', 'kwd']
const rates = [0, 5500, 9975, 20_000]

const partOf = fc.oneof(
  fc.constant<PartOfPrice>({ kind: 'none' }),
  fc.integer({ min: 1, max: 100 }).map((percent): PartOfPrice => ({ kind: 'percent', percent })),
  fc.integer({ min: 1, max: 900 }).map((tens): PartOfPrice => ({ kind: 'amount', minor: tens * 10 })),
)
const terms = fc
  .record({
    tens: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constant(0)),
    currency: fc.constantFrom(...currencies),
    taxRate: fc.constantFrom(...rates),
    paying: fc.constantFrom('free', 'online', 'online', 'deposit', 'deposit', 'later'),
    deposit: partOf,
    policy: fc.record({ freeUntilMinutes: fc.constantFrom(0, 60, 1440), lateFee: partOf, noShowFee: partOf }),
  })
  .map(({ tens, policy, ...rest }) => ({ service: { ...rest, priceMinor: tens * 10 }, policy }))

type Step = (clinic: Clinic, at: number, part: number, flag: boolean) => void
const pick = <T>(rows: readonly T[], at: number, use: (row: T) => void) => {
  if (rows.length) use(rows[at % rows.length]!)
}
const sales = ({ db }: Clinic) => Object.values(db.sales)

const steps: Record<string, Step> = {
  openPage: (clinic, at) => pick(sales(clinic), at, (sale) => clinic.openPage(sale)),
  press: (clinic, at) =>
    pick(clinic.stripe.pages, at, (page) => clinic.stripe.press(clinic.stripe.pages.indexOf(page))),
  pay: (clinic, at) =>
    pick(sales(clinic), at, (sale) => {
      clinic.openPage(sale)
      clinic.stripe.press(clinic.stripe.pages.length - 1)
      clinic.hear(clinic.stripe.said.slice(-1))
    }),
  take: (clinic, at, part, flag) =>
    pick(sales(clinic), at, (sale) => clinic.takeByHand(sale, flag ? 'cash' : 'transfer', part)),
  void: (clinic, at) => pick(Object.values(clinic.db.payments), at, (payment) => clinic.voidPayment(payment)),
  cancel: (clinic, at, _, flag) =>
    pick(sales(clinic), at, (sale) =>
      clinic.notTaken(sale, {
        how: 'cancelled',
        by: flag ? 'patient' : 'clinic',
        startsAt: new Date(sale.startsAt * 60_000),
        now: new Date(clinic.now * 60_000),
      }),
    ),
  miss: (clinic, at) => pick(sales(clinic), at, (sale) => clinic.notTaken(sale, { how: 'missed' })),
  complete: (clinic, at) => pick(sales(clinic), at, (sale) => clinic.complete(sale)),
  lapse: (clinic, at) => pick(sales(clinic), at, (sale) => clinic.lapseHold(sale)),
  refund: (clinic, at, part) => pick(sales(clinic), at, (sale) => clinic.refundByStaff(sale, part)),
  refundOutside: (clinic, at, part) =>
    pick(Object.keys(clinic.stripe.intents), at, (intent) =>
      clinic.stripe.refund(intent, null, Math.ceil((clinic.stripe.left(intent) * part) / 100)),
    ),
  failRefund: (clinic, at) => pick(Object.keys(clinic.stripe.refunds), at, (id) => clinic.stripe.failRefund(id)),
  handOver: (clinic, at, _, flag) =>
    pick(Object.values(clinic.db.refunds), at, (refund) => clinic.handOver(refund, flag ? 'cash' : 'transfer')),
  tryAgain: (clinic, at) =>
    pick(
      Object.values(clinic.db.refunds).filter(({ state }) => state === 'failed'),
      at,
      (refund) => clinic.tryAgain(refund),
    ),
  dispute: (clinic, at) => pick(Object.keys(clinic.stripe.intents), at, (intent) => clinic.stripe.dispute(intent)),
  endDispute: (clinic, at, _, flag) =>
    pick(Object.keys(clinic.stripe.disputes), at, (id) => clinic.stripe.endDispute(id, flag ? 'won' : 'lost')),
  writeOff: (clinic, at) => pick(sales(clinic), at, (sale) => clinic.writeOff(sale)),
  sell: (clinic, at, part, flag) => {
    const taxMinor = part * 3
    const tax = { taxRate: rates[at % rates.length]!, netMinor: part * 17, taxMinor }
    clinic.sellVoucher(currencies[at % currencies.length]!, tax, flag ? 'cash' : 'transfer')
  },
  endVoucher: (clinic, at, _, flag) =>
    pick(Object.values(clinic.db.vouchers), at, (voucher) =>
      clinic.endOpenVoucher(voucher, flag ? 'lapsed' : 'credited'),
    ),
  bookByVoucher: (clinic, at, part) =>
    pick(Object.values(clinic.db.vouchers), at, ({ id, currency, tax }) => {
      const priceMinor = tax.netMinor + tax.taxMinor
      const fee = { kind: 'percent', percent: part } as const
      const policy = { freeUntilMinutes: 60, lateFee: fee, noShowFee: fee }
      const service = { currency, taxRate: tax.taxRate, priceMinor: 1, paying: 'online', deposit: fee } as const
      const voucher = { kind: 'sold', priceMinor, taxRate: tax.taxRate } as const
      clinic.book(fixTerms(service, policy, voucher), 600, id, false)
    }),
  // Webhooks: any word that was ever said, late, again, before an earlier one.
  hear: (clinic, at) => pick(clinic.stripe.said, at, (fact) => clinic.hear([fact])),
  hearLatest: (clinic, at) => pick(clinic.stripe.said.slice(-3), at, (fact) => clinic.hear([fact])),
  reconcile: (clinic, at) =>
    pick(Object.keys(clinic.stripe.intents), at, (intent) => clinic.hear(clinic.stripe.factsOf(intent))),
  work: (clinic, at) => pick(clinic.db.jobs, at, (job) => clinic.askStripe(job)),
  wait: (clinic, _, part) => void (clinic.now += part * 10),
}

/** What most of a day is; the rest is as rare as it is. */
const common = ['pay', 'pay', 'pay', 'press', 'hearLatest', 'hearLatest', 'take', 'complete', 'work', 'work', 'refund']
const step = fc.record({
  name: fc.constantFrom(...Object.keys(steps), ...common),
  at: fc.nat({ max: 40 }),
  part: fc.integer({ min: 1, max: 100 }),
  flag: fc.boolean(),
  /** How many transactions and calls it lives for. */
  lives: fc.oneof({ arbitrary: fc.constant(99), weight: 3 }, { arbitrary: fc.integer({ min: 0, max: 4 }), weight: 1 }),
})
const booking = fc.record({
  terms,
  startsIn: fc.integer({ min: 0, max: 3000 }),
  slotTaken: fc.boolean(),
})
const history = fc.record({
  bookings: fc.array(booking, { minLength: 1, maxLength: 4 }),
  steps: fc.array(step, { minLength: 30, maxLength: 60, size: 'max' }),
})
type History = typeof history extends fc.Arbitrary<infer T> ? T : never

const total = (amounts: readonly number[]) => amounts.reduce((sum, each) => sum + each, 0)
const entriesOf = ({ db }: Clinic, currency: string): Entry[] =>
  db.postings.filter((each) => each.currency === currency).flatMap(({ entries }) => entries)
const owing = ({ amountMinor, droppedMinor }: Refund) => amountMinor - droppedMinor

/** Every account's balance from the rows alone, without an entry: what the clinic believes of its money. */
function expected(clinic: Clinic, currency: string): Partial<Record<Account, number>> {
  const { db } = clinic
  const isOf = (saleId: string) => (db.sales[saleId] ?? db.vouchers[saleId]!).currency === currency
  const payments = Object.values(db.payments).filter((each) => isOf(each.saleId) && !each.voided)
  const refunds = Object.values(db.refunds).filter((each) => isOf(each.saleId))
  const disputes = Object.values(db.disputes).filter(({ paymentId }) => isOf(db.payments[paymentId]!.saleId))
  const invoices = db.invoices.filter((each) => isOf(each.saleId))
  const vouchers = Object.values(db.vouchers).filter((each) => each.currency === currency)
  const methodOf = ({ paymentId, handed }: Refund) => handed ?? db.payments[paymentId]!.method
  const came = (method: Payment['method']) =>
    total(payments.filter((each) => each.method === method).map(({ amountMinor }) => amountMinor))
  const went = (method: Payment['method']) =>
    total(refunds.filter((each) => each.state === 'paid' && methodOf(each) === method).map(owing))
  const held = (...states: string[]) =>
    total(disputes.filter(({ state }) => states.includes(state)).map(({ amountMinor }) => amountMinor))
  const gross = (lines: { netMinor: number; taxMinor: number }[]) =>
    total(lines.map(({ netMinor, taxMinor }) => netMinor + taxMinor))
  // Tax by schoolbook, of what was invoiced and of what was credited in all.
  const taxIn = (amount: number, rate: number) =>
    Math.floor((2 * amount * rate + 100_000 + rate) / (2 * (100_000 + rate)))
  const tax = total(
    invoices.map(({ taxes, credited }) => {
      const { taxRate } = taxes[0]!
      return taxIn(gross(taxes), taxRate) - taxIn(gross(credited), taxRate)
    }),
  )
  const earned = total(invoices.map(({ taxes, credited }) => gross(taxes) - gross(credited)))
  const sold = vouchers.filter(({ state }) => state !== 'credited')
  const open = vouchers.filter(({ state }) => state === 'open' || state === 'booked')
  const done = vouchers.filter(({ state }) => state === 'used' || state === 'lapsed')
  const net = (rows: typeof vouchers) => total(rows.map((each) => each.tax.netMinor))
  const balances = {
    stripe: came('stripe') - went('stripe') - held('open', 'lost'),
    cash: came('cash') - went('cash'),
    transfer: came('transfer') - went('transfer'),
    disputes: held('open'),
    refunds_due: -total(refunds.filter(({ state }) => ['due', 'sent', 'failed'].includes(state)).map(owing)),
    vouchers: -net(open),
    tax: -tax - total(sold.map((each) => each.tax.taxMinor)),
    revenue: -(earned - tax) - net(done),
  }
  // No zero with a minus.
  return Object.fromEntries(Object.entries(balances).map(([account, balance]) => [account, balance + 0]))
}

/** What one sale comes to, from its rows: what was invoiced, less what was paid and not given back. */
function cameTo({ db }: Clinic, saleId: string): number {
  const invoices = db.invoices.filter((each) => each.saleId === saleId)
  const payments = Object.values(db.payments).filter((each) => each.saleId === saleId)
  const lost = Object.values(db.disputes).filter(
    ({ paymentId, state }) => state === 'lost' && db.payments[paymentId]!.saleId === saleId,
  )
  const voucher = db.vouchers[saleId]
  return (
    total(invoices.flatMap((each) => each.taxes.map((line) => line.netMinor + line.taxMinor))) -
    total(invoices.flatMap((each) => each.credited.map((line) => line.netMinor + line.taxMinor))) +
    (voucher && voucher.state !== 'credited' ? voucher.tax.netMinor + voucher.tax.taxMinor : 0) -
    total(payments.filter(({ voided }) => !voided).map(({ amountMinor }) => amountMinor)) +
    total(
      Object.values(db.refunds)
        .filter((each) => each.saleId === saleId)
        .map(owing),
    ) +
    total(lost.map(({ amountMinor }) => amountMinor))
  )
}

function check(clinic: Clinic): void {
  const { db } = clinic
  expect(new Set(db.postings.map(({ cause }) => cause)).size).toBe(db.postings.length)
  const amountsOf = ({ entries }: { entries: Entry[] }) => entries.map(({ amountMinor }) => amountMinor)
  const isSound = (amounts: number[]) =>
    total(amounts) === 0 && amounts.every((each) => Number.isInteger(each) && each !== 0)
  expect(db.postings.filter((posting) => !isSound(amountsOf(posting)))).toEqual([])
  for (const currency of currencies) {
    const entries = entriesOf(clinic, currency)
    const wanted = expected(clinic, currency)
    const found = Object.keys(wanted).map((account) => [account, balanceOf(entries, account as Account)])
    expect(Object.fromEntries(found)).toEqual(wanted)
    expect(total(accounts.map((account) => balanceOf(entries, account)))).toBe(0)
  }
  for (const { id, currency } of [...sales(clinic), ...Object.values(db.vouchers)]) {
    const entries = clinic.entriesOf(id, currency)
    const [receivable, deposits, losses] = (['receivable', 'deposits', 'losses'] as const).map((account) =>
      balanceOf(entries, account),
    ) as [number, number, number]
    const givenUp = total(db.losses.filter(({ saleId }) => saleId === id).map(({ amountMinor }) => amountMinor))
    // Owed, or on deposit; never both, and never money on deposit while a loss of the same sale stands.
    const sound = receivable >= 0 && deposits <= 0 && losses >= 0 && losses <= givenUp
    expect({ id, sound, apart: deposits === 0 || (receivable === 0 && losses === 0) }).toEqual({
      id,
      sound: true,
      apart: true,
    })
    expect({ id, sum: receivable + deposits + losses }).toEqual({ id, sum: cameTo(clinic, id) })
  }
}

function play({ bookings, steps: played }: History, watch: (clinic: Clinic) => void = () => {}): Clinic {
  const clinic = new Clinic()
  for (const { terms, startsIn, slotTaken } of bookings)
    clinic.book(fixTerms(terms.service, terms.policy), startsIn, null, slotTaken)
  for (const { name, at, part, flag, lives } of played) {
    clinic.dying(lives, () => steps[name]!(clinic, at, part, flag))
    watch(clinic)
  }
  return clinic
}

/** What the night does: the jobs that wait, what the desk has to hand over, and asking Stripe about everything. */
function settle(clinic: Clinic): void {
  for (let round = 0, before = ''; round < 40; round++) {
    for (const intent of Object.keys(clinic.stripe.intents)) clinic.hear(clinic.stripe.factsOf(intent))
    for (const job of [...clinic.db.jobs]) clinic.askStripe(job)
    for (const refund of Object.values(clinic.db.refunds)) clinic.handOver(refund, 'cash')
    const after = JSON.stringify([clinic.db.refunds, clinic.db.jobs, clinic.db.postings.length])
    if (after === before) return
    before = after
  }
  throw new Error('the night does not end')
}

describe('a history', () => {
  it('balances after every step, posts each cause once, and agrees with the rows', () => {
    fc.assert(
      fc.property(history, (told) => void play(told, check)),
      { numRuns: 150 },
    )
  })

  it('once Stripe was asked about everything, agrees with what lies at Stripe, and keeps nobody’s money', () => {
    fc.assert(
      fc.property(history, (told) => {
        const clinic = play(told)
        settle(clinic)
        check(clinic)
        const { db, stripe } = clinic
        for (const currency of currencies)
          expect(balanceOf(entriesOf(clinic, currency), 'stripe')).toBe(stripe.balance(currency))
        for (const intent of Object.keys(stripe.intents)) expect(stripe.left(intent)).toBeGreaterThanOrEqual(0)
        for (const payment of Object.values(db.payments)) {
          const lost = Object.values(db.disputes).filter(
            (each) => each.paymentId === payment.id && each.state !== 'won',
          )
          // Who has cash in hand may dispute the card's payment, and somebody may refund it in Stripe's own pages: that is
          // between people, and the books only tell of it.
          const byOthers = lost.length > 0 || clinic.refundsOf(payment).some(({ id }) => id.startsWith('re_'))
          const back = clinic.refundsOf(payment).filter((each) => each.state === 'paid' && !(each.handed && byOthers))
          const gone = total(back.map(owing)) + total(lost.map(({ amountMinor }) => amountMinor))
          expect(gone).toBeLessThanOrEqual(payment.amountMinor)
        }
        // Whatever is over holds no deposit, except of what a bank still decides about.
        for (const sale of sales(clinic)) {
          const isOver = sale.status !== 'held' && sale.status !== 'booked'
          const disputed = Object.values(db.disputes).some(
            ({ paymentId, state }) => state === 'open' && db.payments[paymentId]!.saleId === sale.id,
          )
          if (isOver && !disputed) expect(clinic.owed(sale)).toBeGreaterThanOrEqual(0)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('ends in the same books when every word of Stripe’s comes again', () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat()), (told, random) => {
        const clinic = play(told)
        settle(clinic)
        const before = JSON.stringify(clinic.db.postings)
        const all = [...clinic.stripe.said, ...clinic.stripe.said]
        while (all.length) clinic.hear(all.splice(random.next().value % all.length, 1))
        expect(JSON.stringify(clinic.db.postings)).toBe(before)
      }),
      { numRuns: 60 },
    )
  })

  it('in which everything dies and is begun anew ends as one in which nothing did', () => {
    const once = ['openPage', 'press', 'pay', 'refundOutside', 'failRefund', 'dispute', 'endDispute', 'wait']
    fc.assert(
      fc.property(history, fc.integer({ min: 0, max: 4 }), ({ bookings, steps: played }, lives) => {
        const lived = play({ bookings, steps: played.map((each) => ({ ...each, lives: 99 })) })
        const died = play({ bookings, steps: [] })
        for (const { name, at, part, flag } of played) {
          const run = () => steps[name]!(died, at, part, flag)
          if (name === 'work')
            pick(died.db.jobs, at, (job) => {
              died.dying(lives, () => died.askStripe(job))
              if (died.db.jobs.includes(job)) died.askStripe(job)
            })
          else {
            if (!once.includes(name)) died.dying(0, run)
            run()
          }
        }
        settle(lived)
        settle(died)
        const books = (clinic: Clinic) =>
          currencies.map((code) => accounts.map((each) => [code, each, balanceOf(entriesOf(clinic, code), each)]))
        expect(books(died)).toEqual(books(lived))
      }),
      { numRuns: 100 },
    )
  })

  it('reaches what it is to reach: each kind of posting, by steps that died and steps that lived', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(history, (told) => {
        const clinic = play(told)
        for (const { cause } of clinic.db.postings) seen.add(cause.split('/')[0]!)
        for (const { credited } of clinic.db.invoices) if (addTaxes(credited).length) seen.add('credit note')
      }),
      { numRuns: 600, seed: 7 },
    )
    expect([...seen].sort()).toEqual(
      [
        ...[
          'credit note',
          'credited',
          'dispute-lost',
          'dispute-opened',
          'dispute-unlost',
          'dispute-won',
          'earned',
          'paid',
        ],
        ...['refund-dropped', 'refund-due', 'refund-failed', 'refund-paid', 'voided', 'voucher-ended', 'voucher-sold'],
        'written-off',
      ].sort(),
    )
  })
})
