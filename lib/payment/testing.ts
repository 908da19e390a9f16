// A clinic with a practitioner who is always there, and bookings that wait for their money: one line each in a test.
import { randomBytes, randomUUID } from 'node:crypto'
import { secretHash } from '../booking/link.ts'
import { patientEmailIndex, sealField } from '../server/kms.ts'
import type { TestDb } from '../server/testing.ts'
import type { AppointmentStatus } from '../booking/rules.ts'
import type { PaymentStatus } from './rules.ts'

const minute = 60_000

export interface Waiting {
  clinicId: string
  appointmentId: string
  paymentId: string
  secret: string
  startsAt: Date
}

export async function clinicWorld(admin: TestDb['admin'], { account = 'platform' }: { account?: string | null } = {}) {
  const clinicId = randomUUID()
  const memberId = randomUUID()
  const serviceId = randomUUID()
  await admin(
    `INSERT INTO clinic (id, slug, name, time_zone, country, currency, stripe_account, root_fingerprint, phone)
     VALUES ($1, $2, 'Lumen Clinic', 'Europe/Paris', 'FR', 'eur', $3, 'root-fingerprint', '+33 1 23 45 67 89')`,
    [clinicId, `lumen-${clinicId.slice(0, 8)}`, account],
  )
  await admin(
    `INSERT INTO member (id, clinic_id, email_index, email_sealed, display_name, roles, status)
     VALUES ($1, $2, $3, $4, 'Dr Ada', '{practitioner}', 'active')`,
    [memberId, clinicId, randomBytes(32), randomBytes(8)],
  )
  await admin(
    `INSERT INTO service (id, clinic_id, name, minutes, price_minor, currency, payment_mode, intake_form)
     VALUES ($1, $2, 'Fertility consultation', 30, 4500, 'eur', 'online', '[]')`,
    [serviceId, clinicId],
  )
  await admin('INSERT INTO service_practitioner (clinic_id, service_id, member_id) VALUES ($1, $2, $3)', [
    clinicId,
    serviceId,
    memberId,
  ])
  for (let weekday = 1; weekday <= 7; weekday++)
    await admin(
      'INSERT INTO weekly_hours (clinic_id, member_id, weekday, start_minute, end_minute) VALUES ($1, $2, $3, 0, 1440)',
      [clinicId, memberId, weekday],
    )

  let hour = 24
  /** A booking with all its parts, as the booking page leaves it before Stripe is asked. */
  async function waiting(
    options: {
      status?: AppointmentStatus
      payment?: PaymentStatus
      mode?: 'online' | 'later' | 'free' | 'deposit'
      depositMinor?: number
      startsAt?: Date
      email?: string
      locale?: 'en' | 'fr'
      timeZone?: string
      taxRate?: number
    } = {},
  ): Promise<Waiting> {
    const { status = 'held', payment = 'pending', mode = 'online', email = 'pat@example.org' } = options
    const patientId = randomUUID()
    const appointmentId = randomUUID()
    const secret = randomBytes(16).toString('base64url')
    const startsAt = options.startsAt ?? new Date(Math.floor(Date.now() / 3_600_000 + hour++) * 3_600_000)
    const endsAt = new Date(startsAt.getTime() + 30 * minute)
    const sealed = await sealField(email, `patient.email|${clinicId}|${patientId}`)
    await admin('INSERT INTO patient (id, clinic_id, email_index, email_sealed) VALUES ($1, $2, $3, $4)', [
      patientId,
      clinicId,
      await patientEmailIndex(clinicId, email),
      sealed,
    ])
    await admin(
      `INSERT INTO appointment (id, clinic_id, service_id, member_id, patient_id, status, starts_at, ends_at, blocked_from,
         blocked_until, held_since, held_until, price_minor, currency, payment_mode, link_hash, link_sealed, locale, time_zone,
         tax_rate, deposit_minor)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7, $8, now(), $9, 4500, 'eur', $10, $11, $12, $13, $14, $15, $16)`,
      [
        appointmentId,
        clinicId,
        serviceId,
        memberId,
        patientId,
        status,
        startsAt,
        endsAt,
        status === 'held' ? new Date(Date.now() + 10 * minute) : null,
        mode,
        secretHash(secret),
        await sealField(secret, `appointment.link|${clinicId}|${appointmentId}`),
        options.locale ?? 'en',
        options.timeZone ?? 'Europe/Paris',
        options.taxRate ?? 0,
        options.depositMinor ?? 0,
      ],
    )
    const [row] = await admin<{ id: string }>(
      `INSERT INTO payment (clinic_id, appointment_id, status, amount_minor, currency, account)
       VALUES ($1, $2, $3, 4500, 'eur', $4) RETURNING id`,
      [clinicId, appointmentId, payment, account],
    )
    return { clinicId, appointmentId, paymentId: row!.id, secret, startsAt }
  }

  return { clinicId, memberId, serviceId, waiting }
}

export interface Facts {
  appointment: string
  heldUntil: Date | null
  payment: PaymentStatus
  refundedMinor: number
  attempt: number
  sessionId: string | null
  sessionUrl: string | null
  /** Jobs by name, each once for each time it was asked for. */
  jobs: string[]
}

/** How a booking stands, with the jobs that were asked for. */
export async function factsOf(admin: TestDb['admin'], { appointmentId }: { appointmentId: string }): Promise<Facts> {
  const [row] = await admin<Omit<Facts, 'jobs'>>(
    `SELECT a.status AS appointment, a.held_until AS "heldUntil", p.status AS payment, p.refunded_minor AS "refundedMinor",
       p.attempt, p.session_id AS "sessionId", p.session_url AS "sessionUrl"
     FROM appointment a JOIN payment p ON p.appointment_id = a.id WHERE a.id = $1`,
    [appointmentId],
  )
  const jobs = await admin<{ name: string }>(
    `SELECT name FROM pgboss.job WHERE data->>'appointmentId' = $1 ORDER BY name`,
    [appointmentId],
  )
  return { ...row!, jobs: jobs.map((job) => job.name) }
}

/** What a booking's books come to, account by account; those that are empty are left out. */
export async function booksOf(admin: TestDb['admin'], { paymentId }: Waiting): Promise<Record<string, number>> {
  const rows = await admin<{ account: string; balance: number }>(
    `SELECT e.account, sum(e.amount_minor)::int AS balance FROM entry e JOIN posting p ON p.id = e.posting_id
     WHERE p.sale_id = $1 GROUP BY 1 HAVING sum(e.amount_minor) <> 0 ORDER BY 1`,
    [paymentId],
  )
  return Object.fromEntries(rows.map(({ account, balance }) => [account, balance]))
}
