// Stripe in memory: pages, payments, refunds and disputes, and every word it ever said about them.
import { StripeFact } from './rules.ts'

interface Dispute {
  intent: string
  amountMinor: number
  state: 'open' | 'won' | 'lost'
}
interface Refund {
  intent: string
  amountMinor: number
  state: 'made' | 'failed'
  /** Our row's id, which is its idempotency key; null for one made by hand in Stripe's own pages. */
  asked: string | null
}

export class Stripe {
  pages: { saleId: string; amountMinor: number; currency: string }[] = []
  intents: Record<string, { saleId: string; amountMinor: number; currency: string }> = {}
  refunds: Record<string, Refund> = {}
  disputes: Record<string, Dispute> = {}
  /** In order. Any of it may come late, again, or never. */
  said: StripeFact[] = []
  private made = 0

  private name = (prefix: string) => `${prefix}_${++this.made}`
  private say(fact: StripeFact): void {
    this.said.push(StripeFact.parse(fact))
  }

  private paymentOf(intent: string) {
    const { amountMinor, currency } = this.intents[intent]!
    return { intent, paidMinor: amountMinor, currency }
  }
  private refundFact(refund: string): StripeFact {
    const { intent, amountMinor, state, asked } = this.refunds[refund]!
    return { kind: 'refund', ...this.paymentOf(intent), refund, amountMinor, state, asked }
  }
  private disputeFact(dispute: string): StripeFact {
    const { intent, amountMinor, state } = this.disputes[dispute]!
    return { kind: 'dispute', ...this.paymentOf(intent), dispute, amountMinor, state }
  }

  /** The payer's button. It works once, however long ago the page was made. */
  press(page: number): void {
    const [of] = this.pages.splice(page, 1)
    if (!of) return
    const intent = this.name('pi')
    this.intents[intent] = of
    this.say({ kind: 'payment', ...this.paymentOf(intent) })
  }

  left = (intent: string): number =>
    Object.values(this.refunds)
      .filter((each) => each.intent === intent && each.state === 'made')
      .reduce((left, each) => left - each.amountMinor, this.intents[intent]!.amountMinor)

  /** The same key is the same refund. More than is left gives what is left; what is disputed gives nothing. */
  refund(intent: string, asked: string | null, wished: number): 'made' | 'disputed' | 'nothing left' {
    if (asked && Object.values(this.refunds).some((each) => each.asked === asked)) return 'made'
    if (Object.values(this.disputes).some((each) => each.intent === intent && each.state !== 'won')) return 'disputed'
    const amountMinor = Math.min(wished, this.left(intent))
    if (amountMinor <= 0) return 'nothing left'
    const id = this.name('re')
    this.refunds[id] = { intent, amountMinor, state: 'made', asked }
    this.say(this.refundFact(id))
    return 'made'
  }
  /** The card is gone: the bank sends it back. */
  failRefund(refund: string): void {
    const row = this.refunds[refund]
    if (!row || row.state === 'failed') return
    row.state = 'failed'
    this.say(this.refundFact(refund))
  }

  dispute(intent: string): void {
    const amountMinor = this.left(intent)
    if (amountMinor <= 0 || Object.values(this.disputes).some((each) => each.intent === intent)) return
    const id = this.name('dp')
    this.disputes[id] = { intent, amountMinor, state: 'open' }
    this.say(this.disputeFact(id))
  }
  /** An appeal may win what was lost; what is won stays so. */
  endDispute(dispute: string, state: 'won' | 'lost'): void {
    const row = this.disputes[dispute]
    if (!row || row.state === 'won' || row.state === state) return
    row.state = state
    this.say(this.disputeFact(dispute))
  }

  /** Everything that it answers about a payment when it is asked. */
  factsOf(intent: string): StripeFact[] {
    const of = (rows: Record<string, { intent: string }>) =>
      Object.keys(rows).filter((id) => rows[id]!.intent === intent)
    return [
      { kind: 'payment', ...this.paymentOf(intent) },
      ...of(this.refunds).map((id) => this.refundFact(id)),
      ...of(this.disputes).map((id) => this.disputeFact(id)),
    ]
  }

  /** What lies there of a currency: taken, less what went back and what the banks hold. */
  balance(currency: string): number {
    const isOf = ({ intent }: { intent: string }) => this.intents[intent]!.currency === currency
    const sum = (rows: { amountMinor: number }[]) => rows.reduce((total, { amountMinor }) => total + amountMinor, 0)
    return (
      sum(Object.values(this.intents).filter((each) => each.currency === currency)) -
      sum(Object.values(this.refunds).filter((each) => isOf(each) && each.state === 'made')) -
      sum(Object.values(this.disputes).filter((each) => isOf(each) && each.state !== 'won'))
    )
  }
}
