import 'server-only'
import type { Tx } from '../server/tx.ts'
import {
  documentNumber,
  nextNumber,
  type Counter,
  type DocumentContent,
  type DocumentView,
  type Series,
} from './rules.ts'

/**
 * The next number of a series, and its day. The counter stays locked until the transaction ends: what is rolled back was never
 * counted, and whoever waits for it is numbered after.
 */
export async function takeNumber(
  tx: Tx,
  clinicId: string,
  { series, prefix, today }: { series: Series; prefix: string; today: string },
): Promise<{ number: string; day: string }> {
  await tx.$executeRaw`
    INSERT INTO document_counter (clinic_id, series, year, last, issued_on)
    VALUES (${clinicId}::uuid, ${series}, ${Number(today.slice(0, 4))}, 0, ${today}::date) ON CONFLICT DO NOTHING`
  const [counter] = await tx.$queryRaw<Counter[]>`
    SELECT year, last, to_char(issued_on, 'YYYY-MM-DD') AS "issuedOn" FROM document_counter
    WHERE clinic_id = ${clinicId}::uuid AND series = ${series} FOR UPDATE`
  const next = nextNumber(counter ?? null, today)
  await tx.$executeRaw`
    UPDATE document_counter SET year = ${next.year}, last = ${next.last}, issued_on = ${next.issuedOn}::date
    WHERE clinic_id = ${clinicId}::uuid AND series = ${series}`
  return { number: documentNumber(prefix, next), day: next.issuedOn }
}

type DocumentRow = Awaited<ReturnType<Tx['document']['findMany']>>[number]

/** What was issued of a sale, by its payment's id: the invoice, then its credit notes. Lock the payment before more is issued. */
export async function listDocuments(
  tx: Tx,
  paymentId: string,
): Promise<(Omit<DocumentView, 'appointmentId'> & { cause: string })[]> {
  const rows = await tx.document.findMany({ where: { paymentId }, orderBy: [{ issuedAt: 'asc' }, { number: 'asc' }] })
  return rows.map((row) => ({ ...toDocument(row), cause: row.cause }))
}

const toDocument = ({ id, series, number, day, currency, content }: DocumentRow) => ({
  ...{ id, series: series as DocumentView['series'], number, currency },
  day: day.toISOString().slice(0, 10),
  content: content as unknown as DocumentContent,
})

/** Throws for a cause that something was issued for before. */
export async function insertDocument(
  tx: Tx,
  document: Omit<DocumentView, 'id' | 'appointmentId'> & {
    clinicId: string
    paymentId: string
    cause: string
    credits: string | null
  },
  now: Date,
): Promise<string> {
  const { content, day, ...rest } = document
  const { grossMinor } = content.totals
  const data = { ...rest, day: new Date(day), grossMinor, content: content as object, issuedAt: now }
  return (await tx.document.create({ data, select: { id: true } })).id
}

const withPlace = { payment: { select: { appointmentId: true } } } as const
type Placed = DocumentRow & { payment: { appointmentId: string } }
const toView = (row: Placed): DocumentView => ({ ...toDocument(row), appointmentId: row.payment.appointmentId })

/** All of a patient's, the newest first. */
export async function listOfPatient(tx: Tx, patientId: string): Promise<DocumentView[]> {
  const where = { payment: { appointment: { patientId } } }
  const rows = await tx.document.findMany({ where, include: withPlace, orderBy: [{ day: 'desc' }, { number: 'desc' }] })
  return rows.map(toView)
}

/** Most that a page lists; the accountant's sheets have all. */
const mostListed = 500

/** Of some days of a clinic, the newest first. */
export async function listIssued(
  tx: Tx,
  clinicId: string,
  { from, to }: { from: string; to: string },
): Promise<DocumentView[]> {
  const rows = await tx.document.findMany({
    where: { clinicId, day: { gte: new Date(from), lt: new Date(to) } },
    include: withPlace,
    orderBy: [{ issuedAt: 'desc' }, { number: 'desc' }],
    take: mostListed,
  })
  return rows.map(toView)
}

/** Whose it is. */
export async function findBuyer(tx: Tx, clinicId: string, id: string): Promise<string | null> {
  const row = await tx.document.findFirst({
    where: { clinicId, id },
    select: { payment: { select: { appointment: { select: { patientId: true } } } } },
  })
  return row?.payment.appointment.patientId ?? null
}
