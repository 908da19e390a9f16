import 'server-only'
import type { Tx } from '../server/tx.ts'
import type { Posted } from '../invoice/rules.ts'
import type { Account, Balance, DaySum, Entry, Posting, ServiceSum, Unpaid } from './rules.ts'

/** A booking with its money: the id is its payment's, which follows the booking wherever it is moved. */
export interface Sale {
  id: string
  clinicId: string
  currency: string
}

/** What was posted of a sale. Lock its payment first: what it owes follows from the entries. */
export async function findBook(tx: Tx, { id, currency }: Sale): Promise<{ causes: Set<string>; entries: Entry[] }> {
  const postings = await tx.posting.findMany({ where: { saleId: id }, include: { entries: true } })
  const entries = postings
    .filter((posting) => posting.currency === currency)
    .flatMap((posting) => posting.entries)
    .map(({ account, taxRate, amountMinor }) => ({ account: account as Account, taxRate, amountMinor }))
  return { causes: new Set(postings.map(({ cause }) => cause)), entries }
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
    SELECT to_char(p.day, 'YYYY-MM-DD') AS day, p.currency, split_part(p.cause, '/', 1) AS kind, e.account,
      sum(e.amount_minor)::float8 AS "amountMinor"
    FROM posting p JOIN entry e ON e.posting_id = p.id
    WHERE p.clinic_id = ${clinicId}::uuid AND (p.day >= ${from}::date AND p.day < ${to}::date OR p.day = ${today}::date)
    GROUP BY 1, 2, 3, 4`

export const listBalances = (tx: Tx, clinicId: string): Promise<Balance[]> =>
  tx.$queryRaw`
    SELECT p.currency, e.account, sum(e.amount_minor)::float8 AS "amountMinor"
    FROM posting p JOIN entry e ON e.posting_id = p.id
    WHERE p.clinic_id = ${clinicId}::uuid GROUP BY 1, 2 HAVING sum(e.amount_minor) <> 0`

/** What was earned by each service, the most first. */
export const listServiceSums = (tx: Tx, clinicId: string, { from, to }: Span): Promise<ServiceSum[]> =>
  tx.$queryRaw`
    SELECT s.name AS service, p.currency, count(DISTINCT p.sale_id)::int AS visits,
      -sum(e.amount_minor)::float8 AS "earnedMinor"
    FROM posting p JOIN entry e ON e.posting_id = p.id
      JOIN payment ON payment.id = p.sale_id JOIN appointment a ON a.id = payment.appointment_id
      JOIN service s ON s.id = a.service_id
    WHERE p.clinic_id = ${clinicId}::uuid AND p.day >= ${from}::date AND p.day < ${to}::date
      AND e.account IN ('revenue', 'tax')
    GROUP BY s.id, s.name, p.currency ORDER BY 4 DESC, 1`

/** Visits that took place and are owed for, the oldest first. */
export async function listUnpaid(tx: Tx, clinicId: string): Promise<Unpaid[]> {
  const rows = await tx.$queryRaw<(Omit<Unpaid, 'startsAt'> & { startsAt: Date })[]>`
    SELECT a.id AS "appointmentId", a.starts_at AS "startsAt", s.name AS service, m.display_name AS practitioner,
      p.currency, sum(e.amount_minor)::float8 AS "amountMinor"
    FROM posting p JOIN entry e ON e.posting_id = p.id
      JOIN payment ON payment.id = p.sale_id JOIN appointment a ON a.id = payment.appointment_id
      JOIN service s ON s.id = a.service_id JOIN member m ON m.id = a.member_id
    WHERE p.clinic_id = ${clinicId}::uuid AND e.account = 'receivable'
    GROUP BY a.id, s.name, m.display_name, p.currency HAVING sum(e.amount_minor) > 0 ORDER BY a.starts_at LIMIT 200`
  return rows.map((row) => ({ ...row, startsAt: row.startsAt.toISOString() }))
}

/** Entries in the order in which they were posted. */
export const listPosted = (tx: Tx, clinicId: string, { from, to }: Span): Promise<Posted[]> =>
  tx.$queryRaw`
    SELECT to_char(p.day, 'YYYY-MM-DD') AS day, p.currency, p.cause, t.number AS document, e.account, e.tax_rate AS "taxRate",
      e.amount_minor AS "amountMinor"
    FROM posting p JOIN entry e ON e.posting_id = p.id
    LEFT JOIN taking t ON t.clinic_id = p.clinic_id AND p.cause = 'paid/' || t.id
    WHERE p.clinic_id = ${clinicId}::uuid AND p.day >= ${from}::date AND p.day < ${to}::date
    ORDER BY p.posted_at, p.id, e.position`
