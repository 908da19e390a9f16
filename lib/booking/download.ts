import 'server-only'
import { findClinic } from '../clinic/store.ts'
import { codes, refuse, type Refusal } from '../errors.ts'
import { bestLocale } from '../messages/pick.ts'
import { resolvePatient } from '../patient/session.ts'
import { addressOf, sameOrigin } from '../server/action.ts'
import { env } from '../server/env.ts'
import { openField } from '../server/kms.ts'
import { limitHere } from '../server/rate-limit.ts'
import { inClinic } from '../server/tx.ts'
import { findSite } from '../site/store.ts'
import { calendarOf } from './calendar.ts'
import { linkedAppointment } from './link.ts'
import { placeWords } from './mail.ts'
import { HoldRef } from './rules.ts'
import * as store from './store.ts'
import { isId } from '../ids.ts'

const refused = (answer: Refusal) =>
  Response.json(answer, { status: codes[answer.code], headers: { 'cache-control': 'no-store' } })

/** A calendar file of one's own appointment. Without the session or the link's secret, it is as if there were none. */
export async function downloadCalendar(request: Request, id: string): Promise<Response> {
  if (!isId(id)) return refused(refuse('NOT_FOUND'))
  const counted = await limitHere('calendar', addressOf(request), { points: 60, seconds: 60 })
  if (!counted.ok) return refused(counted)
  const row = request.method === 'POST' ? await linked(request, id) : await mine(request, id)
  if (!row || !('id' in row)) return refused(row ?? refuse('NOT_FOUND'))
  const locale = bestLocale(row.locale)
  const { clinic, place } = await inClinic(row.clinicId, async (tx) => {
    const clinic = (await findClinic(tx, row.clinicId))!
    return { clinic, place: placeWords(row.way, clinic, await findSite(tx, row.siteId), locale) }
  })
  const secret = row.linkSealed && (await openField(row.linkSealed, `appointment.link|${row.clinicId}|${row.id}`))
  const link = `${env().APP_ORIGIN}/a/${row.id}${secret ? `#s=${secret}` : ''}`
  const file = calendarOf({ row, clinic: clinic.name, place, locale, link })
  const headers = {
    'content-type': 'text/calendar; charset=utf-8',
    'content-disposition': 'attachment; filename="appointment.ics"',
    'cache-control': 'no-store',
  }
  return new Response(file, { headers })
}

const shown = ['booked', 'arrived', 'in_consult', 'completed', 'cancelled']
const visible = (row: store.AppointmentRow | null) => (row && shown.includes(row.status) ? row : null)

async function mine(request: Request, id: string): Promise<store.AppointmentRow | null> {
  const actor = await resolvePatient(request, new Date())
  if (!actor) return null
  const row = await inClinic(actor.clinicId, (tx) => store.findAppointment(tx, id))
  return visible(row?.patientId === actor.patientId ? row : null)
}

async function linked(request: Request, id: string): Promise<store.AppointmentRow | Refusal | null> {
  if (!sameOrigin(request)) return refuse('BAD_ORIGIN')
  if (!/^application\/json\b/i.test(request.headers.get('content-type') ?? '')) return refuse('NOT_JSON')
  if (Number(request.headers.get('content-length') ?? Infinity) > 1024) return refuse('TOO_LARGE')
  const body: unknown = await request.json().catch(() => null)
  const input = HoldRef.safeParse({ ...(typeof body === 'object' ? body : {}), id })
  if (!input.success) return refuse('BAD_INPUT')
  const found = await linkedAppointment(input.data)
  return found.ok ? visible(found.value) : found
}
