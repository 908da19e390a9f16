// A patient's device that books through the flows, with keys of its own and records that nobody opens.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { consentFields, consentPurpose, consentWords } from '../consent/rules.ts'
import { toB64 } from '../crypto/bytes.ts'
import { generateDeviceKeys } from '../crypto/keys.ts'
import { sign } from '../crypto/sign.ts'
import type { RecordType, Sealed } from '../crypto/types.ts'
import type { Ctx } from '../server/action.ts'
import type { TestDb } from '../server/testing.ts'
import { bookSlot } from './flow.ts'
import { holdSlot } from './hold.ts'
import { loadSlots } from './slots.ts'
import { bookingFields, bookingPurpose } from './rules.ts'

export const anyone = { kind: 'public' } as const
export const at = (now = new Date(), ip: string = randomUUID()) =>
  ({ now, ip, locale: 'en', requestId: '', userAgent: '', setCookie: () => undefined }) as Ctx

export async function testDevice(patientId: string = randomUUID()) {
  const made = await generateDeviceKeys()
  const keys = { sign: toB64(made.public.sign), dh: toB64(made.public.dh) }
  return { patientId, keyId: randomUUID(), keys, privateKey: made.sign.privateKey }
}
export type TestDevice = Awaited<ReturnType<typeof testDevice>>

const b64 = (length: number) => randomBytes(length).toString('base64url')
/** As the server sees a record: a place, and bytes that it cannot read. */
export function sealedStub(clinicId: string, patientId: string, type: RecordType): Sealed {
  const recipient = { kind: 'group' as const, id: 'clinical', key: b64(32), epoch: 0 }
  return {
    meta: { clinicId, patientId, recordId: randomUUID(), revision: 1, type },
    ...{ header: b64(80), commit: b64(32), ciphertext: b64(90), signature: b64(64) },
    grants: [{ recipient, enc: b64(32), ct: b64(48), granter: b64(32), signature: b64(64) }],
  }
}

export async function testConsentText(admin: TestDb['admin'], clinicId: string, title: string) {
  const text = { id: randomUUID(), title, body: `${title}, in full.` }
  const textHash = createHash('sha256').update(consentWords(text)).digest('base64url')
  await admin('INSERT INTO consent_text (id, clinic_id, version, title, body, hash) VALUES ($1, $2, 1, $3, $4, $5)', [
    text.id,
    clinicId,
    text.title,
    text.body,
    textHash,
  ])
  return { id: text.id, textHash }
}
type Text = Awaited<ReturnType<typeof testConsentText>>

export async function signedConsent(
  who: TestDevice,
  text: Text,
  place: { clinicId: string; appointmentId: string; seq?: number; previous?: string },
) {
  const { clinicId, appointmentId, seq = 0, previous = '' } = place
  const facts = { consentTextId: text.id, textHash: text.textHash, recordId: randomUUID(), seq, previous }
  const whole = { ...facts, clinicId, patientId: who.patientId, appointmentId, state: 'signed' as const }
  const signature = toB64(await sign(who.privateKey, consentPurpose, consentFields(whole)))
  return { ...facts, signature }
}

let day = 0
/** The next free start, booked, each time on another day. */
export async function bookAs(
  world: { clinicId: string; serviceId: string },
  who: TestDevice,
  wish: {
    email?: string
    phone?: string
    text?: Text
    ip?: string
    voucher?: string
    /** Sent once more, with this code: the first answer was lost. */
    again?: string
    types?: RecordType[]
    recallId?: string
    /** This time, and no other. */
    startsAt?: string
    earlier?: { id: string; secret: string }
    /** Between the hold and the booking. */
    meanwhile?: (id: string) => Promise<unknown>
  } = {},
) {
  const { clinicId, serviceId } = world
  const { patientId, keyId, keys } = who
  day += 1
  // More than a day ahead at every hour, and in every zone.
  const from = new Date(Date.now() + (2 + (day % 39)) * 86_400_000).toISOString().slice(0, 10)
  const found = await loadSlots({ clinicId, serviceId, from, days: 3 }, new Date())
  if (!found.ok || !found.value.slots[0]) throw new Error('no free start')
  const slot = { ...found.value.slots[0], ...(wish.startsAt && { startsAt: wish.startsAt }) }
  const ref = { id: randomUUID(), secret: b64(16) }
  const held = await holdSlot(anyone, { ...ref, clinicId, serviceId, ...slot }, at())
  if (!held.ok) return { ...held, appointmentId: ref.id, linkSecret: '' }
  await wish.meanwhile?.(ref.id)
  const ids = { clinicId, appointmentId: ref.id, patientId, keyId, sign: keys.sign, dh: keys.dh }
  const proof = toB64(await sign(who.privateKey, bookingPurpose, bookingFields(ids)))
  const linkSecret = b64(16)
  const input = {
    ...ref,
    key: randomUUID(),
    linkSecret,
    patient: { patientId, keyId, ...keys, proof },
    ...{
      email: wish.email ?? `${patientId}@example.org`,
      phone: wish.phone ?? '',
      locale: 'en' as const,
      timeZone: 'Europe/Paris',
    },
    records: (wish.types ?? ['identity']).map((type) => sealedStub(clinicId, patientId, type)),
    recallId: wish.recallId ?? null,
    earlier: wish.earlier ?? null,
    consent: wish.text ? await signedConsent(who, wish.text, { clinicId, appointmentId: ref.id }) : null,
  }
  const send = (voucher: string | null) => bookSlot(anyone, { ...input, voucher } as never, at(new Date(), wish.ip))
  const first = await send(wish.voucher ?? null)
  const booked = wish.again ? await send(wish.again) : first
  return { ...booked, appointmentId: ref.id, linkSecret }
}
