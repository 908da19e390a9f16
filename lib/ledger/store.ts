import 'server-only'
import type { Tx } from '../server/tx.ts'
import type { ClosedAccount, Posted } from '../invoice/rules.ts'
import type {
  Account,
  Balance,
  Bounced,
  DaySum,
  DisputedVisit,
  Entry,
  OpenVisit,
  Posting,
  ServiceSum,
  Unpaid,
} from './rules.ts'

/** A booking with its money: the id is its payment's, which follows the booking wherever it is moved. */
export interface Sale {
  id: string
  clinicId: string
  currency: string
}

/** What was posted of a sale. Lock its payment first: what it owes follows from the entries. */
export async function findBook(
  tx: Tx,
  { id, currency }: Sale,
): Promise<{ causes: Set<string>; entries: Entry[]; paid: Map<string, { amountMinor: number; day: string }> }> {
  const postings = await tx.posting.findMany({ where: { saleId: id }, include: { entries: true } })
  const entries = postings
    .filter((posting) => posting.currency === currency)
    .flatMap((posting) => posting.entries)
    .map(({ account, taxRate, amountMinor }) => ({ account: account as Account, taxRate, amountMinor }))
  // Each payment, by Stripe's id of it or our row's.
  const came = postings.filter(({ cause }) => cause.startsWith('paid/'))
  const paid = new Map(
    came.map(({ cause, day, entries: parts }) => {
      const amountMinor = parts.reduce((sum, part) => sum + Math.max(0, part.amountMinor), 0)
      return [cause.slice('paid/'.length), { amountMinor, day: day.toISOString().slice(0, 10) }]
    }),
  )
  return { causes: new Set(postings.map(({ cause }) => cause)), entries, paid }
}

/** Throws for a cause that the clinic has posted before. */
export async function insertPosting(tx: Tx, sale: Sale, day: string, { cause, entries }: Posting): Promise<void> {
  const { id: saleId, clinicId, currency } = sale
  const rows = entries.map((entry, position) => ({ ...entry, position, clinicId }))
  await tx.posting.create({
    data: { clinicId, saleId, cause, currency, day: new Date(day), entries: { create: rows } },
  })
}

interface Span {
  from: string
  to: string
}

/** What moved in a time, and on a day beside it. */
export const listDaySums = (tx: Tx, clinicId: string, { from, to }: Span, today: string): Promise<DaySum[]> =>
  tx.$queryRaw`
    SELECT to_char(p.day, 'YYYY-MM-DD') AS day, p.currency, e.account,
      CASE WHEN p.cause ~ '^earned/[^/]+/(late-cancellation|missed)/' THEN 'fee' ELSE split_part(p.cause, '/', 1) END AS kind,
      sum(e.amount_minor)::float8 AS "amountMinor"
    FROM posting p JOIN entry e ON e.posting_id = p.id
    WHERE p.clinic_id = ${clinicId}::uuid AND (p.day >= ${from}::date AND p.day < ${to}::date OR p.day = ${today}::date)
    GROUP BY 1, 2, 3, 4`

/** What is open now: sums over sales where something waits, however long the history is. */
export const listBalances = (tx: Tx, clinicId: string): Promise<Balance[]> =>
  tx.$queryRaw`
    SELECT currency, account, count(*)::int AS sales, sum(amount_minor)::float8 AS "amountMinor"
    FROM open_item WHERE clinic_id = ${clinicId}::uuid GROUP BY 1, 2`

/** What was earned by each service, and by fees for what did not take place, the most first. */
export const listServiceSums = (tx: Tx, clinicId: string, { from, to }: Span): Promise<ServiceSum[]> =>
  tx.$queryRaw`
    SELECT CASE WHEN a.fee_minor = 0 THEN s.name END AS service, p.currency, count(DISTINCT p.sale_id)::int AS visits,
      -sum(e.amount_minor)::float8 AS "earnedMinor"
    FROM posting p JOIN entry e ON e.posting_id = p.id
      JOIN payment ON payment.id = p.sale_id JOIN appointment a ON a.id = payment.appointment_id
      JOIN service s ON s.id = a.service_id
    WHERE p.clinic_id = ${clinicId}::uuid AND p.day >= ${from}::date AND p.day < ${to}::date
      AND e.account IN ('revenue', 'tax')
    GROUP BY CASE WHEN a.fee_minor = 0 THEN s.id END, 1, p.currency ORDER BY 4 DESC, 1`

const mostListed = 50
type Row<T extends OpenVisit> = Omit<T, 'startsAt'> & { startsAt: Date }
const toVisit = <T extends { startsAt: Date }>(row: T) => ({ ...row, startsAt: row.startsAt.toISOString() })

/** Visits that took place and are owed for, the oldest first. */
export async function listUnpaid(tx: Tx, clinicId: string): Promise<Unpaid> {
  const rows = await tx.$queryRaw<(Row<OpenVisit> & { total: number })[]>`
    SELECT a.id AS "appointmentId", a.starts_at AS "startsAt", s.name AS service, m.display_name AS practitioner,
      o.currency, o.amount_minor::float8 AS "amountMinor", count(*) OVER ()::int AS total
    FROM open_item o JOIN payment ON payment.id = o.sale_id JOIN appointment a ON a.id = payment.appointment_id
      JOIN service s ON s.id = a.service_id JOIN member m ON m.id = a.member_id
    WHERE o.clinic_id = ${clinicId}::uuid AND o.account = 'receivable'
    ORDER BY a.starts_at, a.id LIMIT ${mostListed}`
  return { visits: rows.map(({ total: _, ...row }) => toVisit(row)), total: rows[0]?.total ?? 0 }
}

/** Visits whose money a bank sent back, the oldest first. */
export async function listBounced(tx: Tx, clinicId: string): Promise<Bounced[]> {
  const rows = await tx.$queryRaw<Row<Bounced>[]>`
    SELECT a.id AS "appointmentId", a.starts_at AS "startsAt", s.name AS service, m.display_name AS practitioner,
      r.currency, sum(r.amount_minor) FILTER (WHERE r.state = 'failed')::float8 AS "amountMinor",
      sum(r.amount_minor)::float8 AS "toHandMinor"
    FROM refund r JOIN payment ON payment.id = r.payment_id JOIN appointment a ON a.id = payment.appointment_id
      JOIN service s ON s.id = a.service_id JOIN member m ON m.id = a.member_id
    WHERE r.clinic_id = ${clinicId}::uuid AND (r.state = 'failed' OR r.state = 'due' AND r.taking_id IS NOT NULL)
      AND r.payment_id IN (SELECT payment_id FROM refund WHERE clinic_id = ${clinicId}::uuid AND state = 'failed')
    GROUP BY a.id, s.name, m.display_name, r.currency ORDER BY a.starts_at, a.id LIMIT ${mostListed}`
  return rows.map(toVisit)
}

/** What is not decided, the first to be answered first; then what was decided lately. */
export async function listDisputed(tx: Tx, clinicId: string, since: Date): Promise<DisputedVisit[]> {
  const rows = await tx.$queryRaw<(Row<OpenVisit> & { state: DisputedVisit['state']; answerBy: Date | null })[]>`
    SELECT a.id AS "appointmentId", a.starts_at AS "startsAt", s.name AS service, m.display_name AS practitioner,
      d.currency, d.amount_minor AS "amountMinor", d.state::text AS state, d.answer_by AS "answerBy"
    FROM dispute d JOIN payment ON payment.id = d.payment_id JOIN appointment a ON a.id = payment.appointment_id
      JOIN service s ON s.id = a.service_id JOIN member m ON m.id = a.member_id
    WHERE d.clinic_id = ${clinicId}::uuid AND (d.state IN ('inquiry', 'open') OR d.updated_at >= ${since})
    ORDER BY d.state NOT IN ('inquiry', 'open'), d.answer_by, d.updated_at DESC LIMIT ${mostListed}`
  return rows.map(({ answerBy, ...row }) => ({ ...toVisit(row), answerBy: answerBy?.toISOString() ?? null }))
}

/** Entries in the order in which they were posted. */
export const listPosted = (tx: Tx, clinicId: string, { from, to }: Span): Promise<Posted[]> =>
  tx.$queryRaw`
    SELECT to_char(p.day, 'YYYY-MM-DD') AS day, p.currency, p.cause, coalesce(t.number, d.number) AS document, e.account, e.tax_rate AS "taxRate",
      e.amount_minor AS "amountMinor"
    FROM posting p JOIN entry e ON e.posting_id = p.id
    LEFT JOIN taking t ON t.clinic_id = p.clinic_id AND p.cause = 'paid/' || t.id
    LEFT JOIN document d ON d.clinic_id = p.clinic_id AND d.payment_id = p.sale_id
      AND (d.series = 'invoice' AND p.cause LIKE 'earned/%' OR d.series = 'credit_note' AND p.cause = 'credited/' || d.id)
    WHERE p.clinic_id = ${clinicId}::uuid AND p.day >= ${from}::date AND p.day < ${to}::date
    ORDER BY p.posted_at, p.id, e.position`

// ── days that are closed ──

export interface Closing {
  day: string
  closedAt: string
  accounts: ClosedAccount[]
}

type ClosingRow = Awaited<ReturnType<Tx['dayClosing']['findMany']>>[number]
const isoDay = (day: Date) => day.toISOString().slice(0, 10)
const toClosing = ({ day, closedAt, accounts }: ClosingRow): Closing => ({
  ...{ day: isoDay(day), closedAt: closedAt.toISOString() },
  accounts: accounts as unknown as ClosedAccount[],
})

export async function findLastClosing(tx: Tx, clinicId: string): Promise<Closing | null> {
  const row = await tx.dayClosing.findFirst({ where: { clinicId }, orderBy: { day: 'desc' } })
  return row && toClosing(row)
}

export async function findClosing(tx: Tx, clinicId: string, day: string): Promise<Closing | null> {
  const row = await tx.dayClosing.findFirst({ where: { clinicId, day: new Date(day) } })
  return row && toClosing(row)
}

/** The latest first. */
export async function listClosed(tx: Tx, clinicId: string, most: number): Promise<{ day: string; closedAt: string }[]> {
  const select = { day: true, closedAt: true } as const
  const rows = await tx.dayClosing.findMany({ where: { clinicId }, orderBy: { day: 'desc' }, take: most, select })
  return rows.map(({ day, closedAt }) => ({ day: isoDay(day), closedAt: closedAt.toISOString() }))
}

/** Throws for a day that is closed already. */
export async function insertClosing(
  tx: Tx,
  { clinicId, day, accounts, closedBy }: Pick<Closing, 'day' | 'accounts'> & { clinicId: string; closedBy: string },
  now: Date,
): Promise<void> {
  const data = { clinicId, day: new Date(day), accounts: accounts as unknown as object[], closedBy, closedAt: now }
  await tx.dayClosing.create({ data })
}

/** What each account had when a day began, by all that was posted before. */
export const listOpening = (tx: Tx, clinicId: string, day: string): Promise<ClosedAccount[]> =>
  tx.$queryRaw`
    SELECT e.account, e.tax_rate AS "taxRate", p.currency, 0 AS "openingMinor", 0 AS "debitMinor", 0 AS "creditMinor",
      sum(e.amount_minor)::float8 AS "closingMinor"
    FROM posting p JOIN entry e ON e.posting_id = p.id
    WHERE p.clinic_id = ${clinicId}::uuid AND p.day < ${day}::date GROUP BY 1, 2, 3 HAVING sum(e.amount_minor) <> 0`

/** Days on which something was posted, the earliest first. */
export async function listPostedDays(tx: Tx, clinicId: string, { from, to }: Span): Promise<string[]> {
  const rows = await tx.$queryRaw<{ day: string }[]>`
    SELECT DISTINCT to_char(day, 'YYYY-MM-DD') AS day FROM posting
    WHERE clinic_id = ${clinicId}::uuid AND day >= ${from}::date AND day < ${to}::date ORDER BY 1`
  return rows.map(({ day }) => day)
}
