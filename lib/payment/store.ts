import 'server-only'
import type { Tx } from '../server/tx.ts'
import { nextAsk, type PaymentStatus } from './rules.ts'

export type PaymentRow = Awaited<ReturnType<Tx['payment']['findMany']>>[number]

export async function insertPayment(
  tx: Tx,
  payment: {
    clinicId: string
    appointmentId: string
    status: PaymentStatus
    amountMinor: number
    currency: string
    account: string | null
  },
): Promise<PaymentRow> {
  return tx.payment.create({ data: payment })
}

export const findPayment = (tx: Tx, appointmentId: string): Promise<PaymentRow | null> =>
  tx.payment.findFirst({ where: { appointmentId } })

/** The row, locked until the transaction ends. Lock the appointment first: everyone does, so none waits for the other. */
export async function lockPayment(tx: Tx, appointmentId: string): Promise<PaymentRow | null> {
  await tx.$queryRaw`SELECT id FROM payment WHERE appointment_id = ${appointmentId}::uuid FOR UPDATE`
  return tx.payment.findFirst({ where: { appointmentId } })
}

type PaymentChange = Partial<
  Pick<
    PaymentRow,
    | 'status'
    | 'account'
    | 'sessionId'
    | 'sessionUrl'
    | 'sessionExpiresAt'
    | 'paymentIntent'
    | 'counted'
    | 'refundedMinor'
    | 'attempt'
    | 'askAt'
    | 'asks'
  >
>

export async function updatePayment(tx: Tx, id: string, change: PaymentChange, now: Date): Promise<void> {
  await tx.payment.update({ where: { id }, data: { ...change, updatedAt: now } })
}

/** False when the payment has moved on: another attempt was begun, this one has its session, or the money came another way. */
export async function saveSession(
  tx: Tx,
  { id, attempt }: { id: string; attempt: number },
  session: { sessionId: string; sessionUrl: string; sessionExpiresAt: Date },
  now: Date,
): Promise<boolean> {
  const where = { id, attempt, status: 'pending' as const, OR: [{ sessionId: null }, { sessionId: session.sessionId }] }
  const data = { ...session, askAt: nextAsk(0, now), asks: 0, updatedAt: now }
  const { count } = await tx.payment.updateMany({ where, data })
  return count === 1
}

export const noSession = { sessionId: null, sessionUrl: null, sessionExpiresAt: null }

/** Lets go of a session that is over; another's in its place stays. */
export async function forgetSession(tx: Tx, id: string, sessionId: string | null, now: Date): Promise<void> {
  await tx.payment.updateMany({ where: { id, sessionId }, data: { ...noSession, updatedAt: now } })
}

/** The appointment behind a Checkout session. Runs before a clinic is known. */
export async function lookupCheckout(
  tx: Tx,
  sessionId: string,
): Promise<{ clinicId: string; appointmentId: string } | null> {
  const rows = await tx.$queryRaw<{ clinicId: string; appointmentId: string }[]>`
    SELECT clinic_id AS "clinicId", appointment_id AS "appointmentId" FROM lookup_checkout(${sessionId})`
  return rows[0] ?? null
}

/** False for an event that was seen before: Stripe delivers twice, and the primary key makes the second a no-op. */
export async function insertEvent(
  tx: Tx,
  event: { id: string; clinicId: string; type: string; createdAt: Date },
): Promise<boolean> {
  const { count } = await tx.stripeEvent.createMany({ data: [event], skipDuplicates: true })
  return count === 1
}

/** Whether it was seen before, in whatever clinic. Runs before a clinic is known. */
export async function lookupEvent(tx: Tx, id: string): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ known: boolean }[]>`SELECT lookup_event(${id}) AS known`
  return row!.known
}

/** Payments that Stripe is to be asked about by now, the longest waiting first. Runs before a clinic is known. */
export const lookupUnsettled = (
  tx: Tx,
  now: Date,
  most: number,
): Promise<{ clinicId: string; appointmentId: string }[]> =>
  tx.$queryRaw`
    SELECT clinic_id AS "clinicId", appointment_id AS "appointmentId" FROM lookup_unsettled(${now}, ${most}::integer)`

export type DisputeRow = Awaited<ReturnType<Tx['dispute']['findMany']>>[number]

export const listDisputes = (tx: Tx, paymentId: string): Promise<DisputeRow[]> =>
  tx.dispute.findMany({ where: { paymentId }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] })

export async function insertDispute(
  tx: Tx,
  dispute: Omit<DisputeRow, 'id' | 'createdAt' | 'updatedAt'>,
  now: Date,
): Promise<void> {
  await tx.dispute.create({ data: { ...dispute, createdAt: now, updatedAt: now } })
}

export async function updateDispute(
  tx: Tx,
  id: string,
  change: Partial<Pick<DisputeRow, 'state' | 'answerBy' | 'amountMinor'>>,
  now: Date,
): Promise<void> {
  await tx.dispute.update({ where: { id }, data: { ...change, updatedAt: now } })
}

export type RefundRow = Awaited<ReturnType<Tx['refund']['findMany']>>[number]

/** Of one payment, the first decided first. */
export const listRefunds = (tx: Tx, paymentId: string): Promise<RefundRow[]> =>
  tx.refund.findMany({ where: { paymentId }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] })

export async function insertRefund(
  tx: Tx,
  refund: Omit<RefundRow, 'id' | 'createdAt' | 'updatedAt'>,
  now: Date,
): Promise<string> {
  const row = await tx.refund.create({ data: { ...refund, createdAt: now, updatedAt: now } })
  return row.id
}

export async function updateRefund(
  tx: Tx,
  id: string,
  change: Partial<Pick<RefundRow, 'state' | 'stripeRefund' | 'handed'>>,
  now: Date,
): Promise<void> {
  await tx.refund.update({ where: { id }, data: { ...change, updatedAt: now } })
}

export type TakingRow = Awaited<ReturnType<Tx['taking']['findMany']>>[number]

export const findTaking = (tx: Tx, id: string): Promise<TakingRow | null> => tx.taking.findFirst({ where: { id } })

export const listTakings = (tx: Tx, paymentId: string): Promise<TakingRow[]> =>
  tx.taking.findMany({ where: { paymentId }, orderBy: { createdAt: 'asc' } })

export async function insertTaking(tx: Tx, taking: Omit<TakingRow, 'createdAt'>, now: Date): Promise<void> {
  await tx.taking.create({ data: { ...taking, createdAt: now } })
}
