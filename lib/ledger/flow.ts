import 'server-only'
import { findClinic } from '../clinic/store.ts'
import type { StaffActor } from '../access/rules.ts'
import { ok, type Result } from '../errors.ts'
import { postingDay } from '../invoice/rules.ts'
import { hold, inClinic, type Tx } from '../server/tx.ts'
import { moneyOf, spanOf, type LedgerContract, type MoneyView } from './month.ts'
import { startOfDay } from '../schedule/wall-clock.ts'
import { dayIn } from '../time.ts'
import { countUsed } from '../voucher/store.ts'
import { causeOf, eventsOf, postingOf, standingOf, type LedgerEvent, type Standing, type StripeFact } from './rules.ts'
import * as store from './store.ts'

/** The day that is written on what is posted or issued now: the clinic's today, or the first open day after those that are closed. */
export async function postingDayIn(tx: Tx, clinicId: string, now: Date): Promise<string> {
  const { timeZone } = (await findClinic(tx, clinicId))!
  // Held to the end: whoever closes a day waits for what is being posted on it. Take it before a number's counter.
  await hold(tx, booksOf(clinicId), 'read')
  return postingDay(dayIn(timeZone, now), (await store.findLastClosing(tx, clinicId))?.day ?? null)
}

/** What is held while something is posted, and alone while a day is closed. */
export const booksOf = (clinicId: string) => `books ${clinicId}`

/**
 * Posts of these what was not posted before, in the caller's transaction: money and books change together or not at all. The
 * sale's payment is locked. Answers which causes are new, and how the patient stands afterwards.
 */
export async function post(
  tx: Tx,
  sale: store.Sale,
  events: readonly LedgerEvent[],
  now: Date,
): Promise<Standing & { fresh: Set<string> }> {
  const { causes, entries } = await store.findBook(tx, sale)
  const day = await postingDayIn(tx, sale.clinicId, now)
  const fresh = new Set<string>()
  for (const event of events) {
    const posting = causes.has(causeOf(event)) ? null : postingOf(event, standingOf(entries))
    if (!posting) continue
    await store.insertPosting(tx, sale, day, posting)
    entries.push(...posting.entries)
    causes.add(posting.cause)
    fresh.add(posting.cause)
  }
  return { ...standingOf(entries), fresh }
}

/** What Stripe says of one of its objects, with all that it implies. */
export async function postFact(tx: Tx, sale: store.Sale, fact: StripeFact, now: Date) {
  const { causes } = await store.findBook(tx, sale)
  return post(tx, { ...sale, currency: fact.currency }, eventsOf(fact, causes), now)
}

interface Ask {
  month: string | null
}

/** A month of the clinic's money, and how it stands today. */
export const loadMonth = (actor: StaffActor, ask: Ask, { now }: { now: Date }): Promise<Result<MoneyView>> =>
  inClinic(actor.clinicId, async (tx) => {
    const { clinicId } = actor
    const { timeZone: zone, currency } = (await findClinic(tx, clinicId))!
    const today = dayIn(zone, now)
    const month = ask.month ?? today.slice(0, 7)
    const days = await store.listDaySums(tx, clinicId, spanOf(month), today)
    const balances = await store.listBalances(tx, clinicId)
    const services = await store.listServiceSums(tx, clinicId, spanOf(month))
    const currencies = moneyOf({ month, today, currency }, { days, balances, services })
    const unpaid = await store.listUnpaid(tx, clinicId)
    const bounced = await store.listBounced(tx, clinicId)
    const disputed = await store.listDisputed(tx, clinicId, new Date(now.getTime() - 90 * 86_400_000))
    const [from, to] = [spanOf(month).from, spanOf(month).to].map((day) => startOfDay(day, zone)) as [Date, Date]
    const vouchers = await countUsed(tx, clinicId, { from, to })
    return ok({ month, today, zone, currencies, unpaid, bounced, disputed, vouchers })
  })

/** For the accountant: what was posted, by account. */
export const listEntries = (
  actor: StaffActor,
  ask: Ask,
  { now }: { now: Date },
): Promise<Result<LedgerContract['ledger/entries']['out']>> =>
  inClinic(actor.clinicId, async (tx) => {
    const { timeZone } = (await findClinic(tx, actor.clinicId))!
    const month = ask.month ?? dayIn(timeZone, now).slice(0, 7)
    return ok({ month, entries: await store.listPosted(tx, actor.clinicId, spanOf(month)) })
  })
