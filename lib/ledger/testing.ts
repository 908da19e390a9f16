// A clinic's money in memory, moved by the rules alone: what a history of bookings, payments, refunds and crashes is played on. A
// transaction that dies leaves nothing; what was asked of Stripe stays done there, whatever we know of it.
import { creditTaxes, leftOf, taxesOf, totalsOf, type Line } from '../invoice/rules.ts'
import { dueAtBooking, keepsVoucher, keptFee, type NotTaken, type Terms } from '../price/rules.ts'
import {
  causeOf,
  eventsOf,
  planRefund,
  postingOf,
  standingOf,
  type StripeFact,
  type Entry,
  type LedgerEvent,
  type Method,
  type Occasion,
  type TaxLine,
} from './rules.ts'
import type { Db, Invoice, Payment, Refund, Sale, Voucher } from './testing-db.ts'
import { Stripe } from './testing-stripe.ts'

class Death extends Error {}

const ended = (sale: Sale) => sale.status !== 'held' && sale.status !== 'booked'

export class Clinic {
  db: Db = {
    ...{ postings: [], sales: {}, payments: {}, refunds: {}, disputes: {}, invoices: [], vouchers: {}, losses: [] },
    jobs: [],
  }
  stripe = new Stripe()
  /** Minutes. */
  now = 0
  private steps = Infinity
  private made = 0

  /** Ids that grow, so that a history that is played twice is the same. */
  id = (): string => `00000000-0000-4000-8000-${String(++this.made).padStart(12, '0')}`

  /** Runs an operation that dies after so many steps. A transaction is one step, a call to Stripe is one. */
  dying(steps: number, run: () => void): void {
    this.steps = steps
    try {
      run()
    } catch (error) {
      if (!(error instanceof Death)) throw error
    }
    this.steps = Infinity
  }
  /** All of it or nothing: death at the commit undoes it. */
  private tx<T>(run: () => T): T {
    const before = structuredClone(this.db)
    const value = run()
    if (this.steps-- <= 0) {
      this.db = before
      throw new Death()
    }
    return value
  }
  private call<T>(run: () => T): T {
    if (this.steps-- <= 0) throw new Death()
    return run()
  }

  // ── the books ──

  entriesOf = (saleId: string, currency: string): Entry[] =>
    this.db.postings
      .filter((each) => each.saleId === saleId && each.currency === currency)
      .flatMap((each) => each.entries)
  owed = (sale: { id: string; currency: string }): number =>
    standingOf(this.entriesOf(sale.id, sale.currency)).owedMinor

  private post(saleId: string, currency: string, events: readonly LedgerEvent[]): void {
    for (const event of events) {
      if (this.db.postings.some(({ cause }) => cause === causeOf(event))) continue
      const posting = postingOf(event, standingOf(this.entriesOf(saleId, currency)))
      if (posting) this.db.postings.push({ ...posting, saleId, currency })
    }
  }

  // ── a booking ──

  book(terms: Terms, startsIn: number, voucherId: string | null, slotTaken: boolean): void {
    this.tx(() => {
      const voucher = voucherId ? this.db.vouchers[voucherId] : null
      if (voucherId && voucher?.state !== 'open') return
      if (voucher) voucher.state = 'booked'
      const sale: Sale = {
        ...{ id: this.id(), currency: terms.currency, terms, startsAt: this.now + startsIn, voucherId, slotTaken },
        status: dueAtBooking(terms) > 0 ? 'held' : 'booked',
      }
      this.db.sales[sale.id] = sale
    })
  }

  /** What the page asks for: what the booking waits for, else what is not paid yet. */
  private asked(sale: Sale): number {
    const { terms } = sale
    if (sale.status === 'held') return dueAtBooking(terms)
    const paid = Math.max(0, -this.owed(sale))
    const open = ended(sale) ? this.owed(sale) : terms.paying === 'voucher' ? 0 : terms.priceMinor - paid
    return Math.max(0, open)
  }

  /** A page of Stripe's. A second one may ask for the same, and a page may outlive its booking. */
  openPage(sale: Sale): void {
    const amountMinor = this.asked(sale)
    if (amountMinor > 0) this.stripe.pages.push({ saleId: sale.id, amountMinor, currency: sale.currency })
  }

  takeByHand(sale: Sale, method: 'cash' | 'transfer', part: number): void {
    this.tx(() => {
      const amountMinor = Math.ceil((this.asked(sale) * part) / 100)
      if (amountMinor === 0 || sale.status === 'held') return
      this.addPayment(this.id(), sale, method, amountMinor)
      this.endSale(sale.id)
    })
  }

  private addPayment(id: string, sale: Sale, method: Method, amountMinor: number): void {
    this.db.payments[id] ??= { id, saleId: sale.id, method, amountMinor, at: this.now, voided: false }
    this.post(sale.id, sale.currency, [{ kind: 'paid', key: id, method, amountMinor }])
  }

  /** What was typed wrongly: only while nothing of it was promised back. */
  voidPayment(payment: Payment): void {
    const { method, id: key, amountMinor } = payment
    if (method === 'stripe' || payment.voided || this.leftIn(payment) < amountMinor) return
    this.tx(() => {
      const sale = this.ofSale(payment.saleId)
      this.db.payments[payment.id]!.voided = true
      this.post(sale.id, sale.currency, [{ kind: 'voided', key, method, amountMinor }])
    })
  }

  private earn(sale: Sale, occasion: Occasion, grossMinor: number): void {
    if (grossMinor === 0) return
    const line: Line = { text: 'Consultation', day: '2026-11-21', grossMinor, taxRate: sale.terms.taxRate }
    const taxes = taxesOf([line])
    const nth = this.db.invoices.filter((each) => each.saleId === sale.id && each.occasion === occasion).length
    this.db.invoices.push({ saleId: sale.id, occasion, taxes, credited: [] })
    this.post(sale.id, sale.currency, [{ kind: 'earned', saleId: sale.id, occasion, nth, taxes }])
  }

  private endVoucher(voucher: Voucher, how: 'used' | 'lapsed' | 'credited', saleId: string): void {
    voucher.state = how
    this.post(saleId, voucher.currency, [{ kind: 'voucher-ended', voucherId: voucher.id, how, tax: voucher.tax }])
  }

  complete(sale: Sale): void {
    if (sale.status !== 'booked') return
    this.tx(() => {
      const row = this.db.sales[sale.id]!
      row.status = 'completed'
      const voucher = row.voucherId ? this.db.vouchers[row.voucherId]! : null
      if (voucher?.state === 'booked') this.endVoucher(voucher, 'used', row.id)
      else if (!voucher) this.earn(row, 'visit', row.terms.priceMinor)
      this.endSale(row.id)
    })
  }

  notTaken(sale: Sale, end: NotTaken): void {
    const status = end.how === 'missed' ? 'no_show' : 'cancelled'
    if (sale.status !== 'booked' && !(sale.status === 'held' && end.how === 'cancelled')) return
    this.tx(() => {
      const row = this.db.sales[sale.id]!
      const fee = row.status === 'held' ? 0 : keptFee(row.terms, end)
      row.status = status
      const voucher = row.voucherId ? this.db.vouchers[row.voucherId]! : null
      if (voucher?.state === 'booked' && fee > 0 && keepsVoucher(row.terms, end))
        this.endVoucher(voucher, 'used', row.id)
      else {
        if (voucher?.state === 'booked') {
          voucher.state = 'open'
          row.voucherId = null
        }
        if (voucher?.state !== 'used') this.earn(row, end.how === 'missed' ? 'missed' : 'late-cancellation', fee)
      }
      this.endSale(row.id)
    })
  }

  private creditIn(sale: Sale, invoice: Invoice, grossMinor: number): void {
    const taxes = grossMinor > 0 ? creditTaxes(invoice.taxes, invoice.credited, grossMinor) : null
    if (!taxes) return
    const { taxRate, netMinor, taxMinor } = taxes[0]!
    const before = invoice.credited[0] ?? { netMinor: 0, taxMinor: 0 }
    invoice.credited = [{ taxRate, netMinor: before.netMinor + netMinor, taxMinor: before.taxMinor + taxMinor }]
    this.post(sale.id, sale.currency, [{ kind: 'credited', key: this.id(), taxes }])
  }

  writeOff(sale: Sale): void {
    this.tx(() => {
      const amountMinor = this.owed(sale)
      if (amountMinor <= 0) return
      this.db.losses.push({ saleId: sale.id, amountMinor })
      this.post(sale.id, sale.currency, [{ kind: 'written-off', key: this.id(), amountMinor }])
    })
  }

  lapseHold(sale: Sale): void {
    if (sale.status !== 'held') return
    this.tx(() => {
      this.db.sales[sale.id]!.status = 'expired'
    })
  }

  // ── vouchers: sold over the counter ──

  sellVoucher(currency: string, tax: TaxLine, method: 'cash' | 'transfer'): void {
    this.tx(() => {
      const voucher: Voucher = { id: this.id(), currency, tax, state: 'open' }
      this.db.vouchers[voucher.id] = voucher
      this.post(voucher.id, currency, [{ kind: 'voucher-sold', voucherId: voucher.id, tax }])
      const id = this.id()
      const amountMinor = tax.netMinor + tax.taxMinor
      this.db.payments[id] = { id, saleId: voucher.id, method, amountMinor, at: this.now, voided: false }
      this.post(voucher.id, currency, [{ kind: 'paid', key: id, method, amountMinor }])
    })
  }
  endOpenVoucher(voucher: Voucher, how: 'lapsed' | 'credited'): void {
    if (voucher.state !== 'open') return
    this.tx(() => {
      this.endVoucher(this.db.vouchers[voucher.id]!, how, voucher.id)
      this.owe(voucher.id, voucher.currency, -this.owed(voucher))
    })
  }

  // ── money back ──

  refundsOf = (payment: Payment) => Object.values(this.db.refunds).filter((each) => each.paymentId === payment.id)
  leftIn(payment: Payment, isOver = false): number {
    if (payment.voided) return 0
    const promised = this.refundsOf(payment).reduce((sum, each) => sum + each.amountMinor - each.droppedMinor, 0)
    const disputed = Object.values(this.db.disputes)
      .filter((each) => each.paymentId === payment.id && each.state !== 'won')
      .reduce((sum, each) => sum + each.amountMinor, 0)
    const left = payment.amountMinor - promised - disputed
    return isOver ? left : Math.max(0, left)
  }

  private owe(saleId: string, currency: string, amountMinor: number): void {
    if (amountMinor <= 0) return
    const payments = Object.values(this.db.payments)
      .filter((each) => each.saleId === saleId)
      .map((each) => ({
        ...{ paymentId: each.id, method: each.method, receivedAt: new Date(each.at * 60_000) },
        leftMinor: this.leftIn(each),
      }))
    for (const part of planRefund(payments, amountMinor)) {
      const id = this.id()
      const { paymentId, amountMinor } = part
      this.db.refunds[id] = { id, paymentId, saleId, amountMinor, state: 'due', droppedMinor: 0, handed: null }
      this.post(saleId, currency, [{ kind: 'refund-due', refundId: id, amountMinor }])
      if (part.method === 'stripe') this.db.jobs.push(id)
    }
  }

  /** A sale that is over keeps no deposit. */
  private endSale(saleId: string): void {
    const sale = this.db.sales[saleId]
    if (sale && ended(sale)) this.owe(saleId, sale.currency, -this.owed(sale))
  }

  /** Given back out of kindness, with a credit note for what was earned. */
  refundByStaff(sale: Sale, part: number): void {
    this.tx(() => {
      const payments = Object.values(this.db.payments).filter((each) => each.saleId === sale.id)
      const most = payments.reduce((sum, each) => sum + this.leftIn(each), 0)
      const amountMinor = Math.ceil((most * part) / 100)
      const row = this.db.sales[sale.id]!
      const earned = this.db.invoices.filter((each) => each.saleId === sale.id)
      let left = Math.max(0, amountMinor + Math.min(0, this.owed(row)))
      this.owe(row.id, row.currency, amountMinor)
      for (const invoice of earned) {
        const share = Math.min(left, totalsOf(leftOf(invoice.taxes, invoice.credited)).grossMinor)
        this.creditIn(row, invoice, share)
        left -= share
      }
      this.endSale(row.id)
    })
  }

  handOver(refund: Refund, method: 'cash' | 'transfer'): void {
    const payment = this.db.payments[refund.paymentId]!
    const byHand = refund.state === 'due' && payment.method !== 'stripe'
    if (!byHand && refund.state !== 'failed') return
    this.tx(() => {
      const row = this.db.refunds[refund.id]!
      const { currency } = this.ofSale(refund.saleId)
      const amountMinor = row.amountMinor - row.droppedMinor
      Object.assign(row, { state: 'paid', handed: method })
      this.post(refund.saleId, currency, [{ kind: 'refund-paid', key: `${row.id}/hand`, method, amountMinor }])
    })
  }

  /** What the bank sent back is asked of Stripe once more, by a row of its own. */
  tryAgain(refund: Refund): void {
    if (refund.state !== 'failed' || refund.droppedMinor > 0) return
    this.tx(() => {
      const row = this.db.refunds[refund.id]!
      const { paymentId, saleId, amountMinor } = row
      this.drop(row, amountMinor)
      const id = this.id()
      this.db.refunds[id] = { id, paymentId, saleId, amountMinor, state: 'due', droppedMinor: 0, handed: null }
      this.post(saleId, this.ofSale(saleId).currency, [{ kind: 'refund-due', refundId: id, amountMinor }])
      this.db.jobs.push(id)
    })
  }

  private ofSale = (id: string): { id: string; currency: string } => this.db.sales[id] ?? this.db.vouchers[id]!

  /** What failed, and was given back by hand in Stripe's own pages meanwhile, or taken back by the bank: it is not owed twice. */
  private letGo(intent: string): void {
    const payment = this.db.payments[intent]!
    let over = -this.leftIn(payment, true)
    for (const row of this.refundsOf(payment))
      if (row.state === 'failed' && row.droppedMinor === 0 && over > 0) {
        over -= row.amountMinor
        this.drop(row, row.amountMinor)
      }
  }

  private drop(row: Refund, amountMinor: number): void {
    if (amountMinor <= 0) return
    row.droppedMinor = amountMinor
    if (amountMinor === row.amountMinor) row.state = 'dropped'
    const { currency } = this.ofSale(row.saleId)
    this.post(row.saleId, currency, [{ kind: 'refund-dropped', refundId: row.id, amountMinor }])
  }

  /** The job: written down as sent, asked under one key, noted. It may die at any place and is run again. */
  askStripe(refundId: string): void {
    const before = this.db.refunds[refundId]!
    const { paymentId: intent, amountMinor } = before
    let isOver = before.state !== 'due' && before.state !== 'sent'
    if (!isOver) {
      this.tx(() => void (this.db.refunds[refundId]!.state = 'sent'))
      const answer = this.call(() => this.stripe.refund(intent, refundId, amountMinor))
      const facts = this.call(() => this.stripe.factsOf(intent))
      isOver = answer !== 'disputed'
      this.tx(() => {
        const row = this.db.refunds[refundId]!
        if (!isOver) row.state = 'due'
        for (const fact of facts) this.take(fact)
        // Of a payment that a bank took back Stripe gives back no more: what is left there no card takes.
        const isLost = Object.values(this.db.disputes).some(
          (each) => each.paymentId === intent && each.state === 'lost',
        )
        if (answer === 'disputed' && isLost && row.state === 'due') row.state = 'failed'
        isOver ||= row.state !== 'due'
        // Refused, though by its list that much is left: no card takes it.
        if (answer === 'nothing left' && row.state === 'sent') {
          const made = facts.map((fact) => (fact.kind === 'refund' && fact.state === 'made' ? fact.amountMinor : 0))
          const left = this.db.payments[intent]!.amountMinor - made.reduce((sum, each) => sum + each, 0)
          if (left >= row.amountMinor) row.state = 'failed'
          else this.drop(row, row.amountMinor)
        }
        this.endSale(row.saleId)
      })
    }
    if (isOver) this.tx(() => void (this.db.jobs = this.db.jobs.filter((each) => each !== refundId)))
  }

  // ── what Stripe says ──

  /** The door: a webhook, the return page, the reconciliation. */
  hear(facts: readonly StripeFact[]): void {
    this.tx(() => {
      for (const fact of facts) this.take(fact)
    })
  }

  private take(fact: StripeFact): void {
    const sale = this.db.sales[this.stripe.intents[fact.intent]!.saleId]!
    const isNew = !this.db.payments[fact.intent]
    const asked = this.asked(sale)
    if (isNew) {
      const payment = { id: fact.intent, saleId: sale.id, method: 'stripe' as const, amountMinor: fact.paidMinor }
      this.db.payments[fact.intent] = { ...payment, at: this.now, voided: false }
    }
    this.post(sale.id, fact.currency, eventsOf(fact, new Set(this.db.postings.map(({ cause }) => cause))))
    if (fact.kind === 'refund') {
      const id = fact.asked ?? fact.refund
      const { amountMinor, intent: paymentId } = fact
      const row = (this.db.refunds[id] ??= {
        ...{ id, paymentId, saleId: sale.id, amountMinor, state: 'sent', droppedMinor: 0, handed: null },
      })
      if (row.droppedMinor === 0) this.drop(row, row.amountMinor - amountMinor)
      if (!row.handed && row.state !== 'failed' && row.state !== 'dropped')
        row.state = fact.state === 'made' ? 'paid' : 'failed'
    }
    if (fact.kind === 'dispute') {
      const before = this.db.disputes[fact.dispute]?.state
      const state = before === 'won' ? 'won' : before === 'lost' && fact.state === 'open' ? 'lost' : fact.state
      this.db.disputes[fact.dispute] = { paymentId: fact.intent, amountMinor: fact.amountMinor, state }
      // The bank gave it back: what was promised and not yet sent is not owed twice.
      if (state === 'lost' && before !== 'lost')
        for (const row of Object.values(this.db.refunds))
          if (row.paymentId === fact.intent && row.state === 'due') this.drop(row, row.amountMinor)
    }
    this.letGo(fact.intent)
    // A slot that was freed is taken again if nobody else has it.
    const waits = sale.status === 'held' || (sale.status === 'expired' && !sale.slotTaken)
    if (isNew && waits && fact.paidMinor >= dueAtBooking(sale.terms)) sale.status = 'booked'
    else if (isNew && sale.status === 'booked') this.owe(sale.id, sale.currency, fact.paidMinor - asked)
    this.endSale(sale.id)
  }
}
