import 'server-only'
import type { Tx } from '../server/tx.ts'
import { documentNumber, nextNumber, type Counter, type Series } from './rules.ts'

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
