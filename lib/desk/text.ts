import 'server-only'
import { findAppointment, findPatient } from '../booking/store.ts'
import { findClinic } from '../clinic/store.ts'
import { translator } from '../messages/translator.ts'
import { isAffordable } from '../reminder/flow.ts'
import { e164, inGsm } from '../reminder/text.ts'
import { env } from '../server/env.ts'
import type { JobHandler } from '../server/jobs.ts'
import { openField } from '../server/kms.ts'
import { log } from '../server/log.ts'
import { sendText } from '../server/sms.ts'
import { inClinic } from '../server/tx.ts'

const longestName = 40

/** The link of an appointment to a telephone: the clinic and the link, and nothing that says what for. */
const textLink: JobHandler = async (data) => {
  const clinicId = String(data.clinicId)
  const found = await inClinic(clinicId, async (tx) => {
    const row = await findAppointment(tx, String(data.appointmentId))
    const patient = row?.patientId ? await findPatient(tx, row.patientId) : null
    const clinic = await findClinic(tx, clinicId)
    return row?.linkSealed && patient?.phoneSealed && clinic
      ? { row, clinic, linkSealed: row.linkSealed, patientId: patient.id, phoneSealed: patient.phoneSealed }
      : null
  })
  // Overtaken: what was cancelled meanwhile is not said to be booked.
  if (!found || !['booked', 'arrived', 'in_consult'].includes(found.row.status)) return
  const { row, clinic, patientId } = found
  const to = e164(await openField(found.phoneSealed, `patient.phone|${clinicId}|${patientId}`))
  if (!to || !(await isAffordable(clinicId, to))) return
  const secret = await openField(found.linkSealed, `appointment.link|${clinicId}|${row.id}`)
  const name = clinic.name.length > longestName ? `${clinic.name.slice(0, longestName - 3)}...` : clinic.name
  const link = `${env().APP_ORIGIN}/a/${row.id}#s=${secret}`
  const text = inGsm(translator(row.locale === 'fr' ? 'fr' : 'en', 'mail')('linkText', { clinic: name, link }))
  // Sent once at most: nobody who carries messages takes a key for repeats, and the desk can send it again.
  await sendText({ to, text }).catch((error: unknown) =>
    log.warn({ code: 'TEXT_FAILED', appointmentId: row.id, err: error }),
  )
}

export const deskJobs = { handlers: { 'text.link': textLink } }
