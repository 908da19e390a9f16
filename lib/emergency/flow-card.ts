import 'server-only'
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { PatientActor, PublicActor } from '../access/rules.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { findDeviceKey } from '../patient/store.ts'
import type { Ctx } from '../server/action.ts'
import { audit } from '../server/audit.ts'
import { notify } from '../server/notify.ts'
import { limit } from '../server/rate-limit.ts'
import { inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import { cardOpenings, type MyCard, type OpenCardInput, type SaveCardInput } from './rules.ts'
import * as store from './store.ts'

/** A device let in by a mailed code alone makes and sees no card: it may be a mailbox's thief. */
async function isTheirs(tx: Tx, actor: PatientActor): Promise<boolean> {
  const key = await findDeviceKey(tx, actor)
  // What is on a card is the patient's choice, or their guardian's.
  return key !== null && key.state !== 'confirmed' && key.care?.role !== 'carer'
}

export async function myCard(actor: PatientActor): Promise<Result<MyCard>> {
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await isTheirs(tx, actor))) return refuse('NOT_CONFIRMED')
    const card = await store.findMyCard(tx, actor)
    const openings = await store.listOpenings(tx, actor)
    return ok({
      card: card && { id: card.id, madeAt: card.madeAt.toISOString() },
      openings: openings.map((at) => at.toISOString()),
    })
  })
}

/** The new card in the place of the old one, which opens no more from this moment on. A repeat is the same one. */
export async function saveCard(
  actor: PatientActor,
  input: z.output<typeof SaveCardInput>,
  { now }: Ctx,
): Promise<Result<{ madeAt: string }>> {
  const counted = await limit('card-made', actor.patientId, { points: 30, seconds: 3600 })
  if (!counted.ok) return counted
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await isTheirs(tx, actor))) return refuse('NOT_CONFIRMED')
    const sealed = new Uint8Array(Buffer.from(input.sealed, 'base64url'))
    const fresh = await store.replaceCard(tx, actor, { ...input, sealed, madeAt: now })
    const card = await store.findMyCard(tx, actor)
    // Somebody else's number, or one of theirs that is no more.
    if (card?.id !== input.id) return refuse('STALE')
    if (fresh) await audit(tx, actor, 'emergency.card-made', input.id)
    return ok({ madeAt: card.madeAt.toISOString() })
  })
}

export async function revokeCard(actor: PatientActor): Promise<Result<{ done: true }>> {
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await isTheirs(tx, actor))) return refuse('NOT_CONFIRMED')
    if (await store.deleteCard(tx, actor)) await audit(tx, actor, 'emergency.card-revoked', actor.patientId)
    return ok({ done: true as const })
  })
}

/** Ciphertext for whoever shows that the card is in their hands. The opening is told to the patient, and who opened is not known. */
export async function openCard(
  _: PublicActor,
  input: z.output<typeof OpenCardInput>,
  { now, ip }: Ctx,
): Promise<Result<{ sealed: string }>> {
  const counted = await limit('card', ip, { points: 60, seconds: 60 })
  if (!counted.ok) return counted
  const clinicId = await inNoClinic((tx) => store.lookupCard(tx, input.id))
  if (!clinicId) return refuse('NOT_FOUND')
  const claimHash = createHash('sha256').update(Buffer.from(input.claim, 'base64url')).digest('base64url')
  const found = await inClinic(clinicId, (tx) => store.findCard(tx, clinicId, { id: input.id, claimHash }))
  if (!found) return refuse('NOT_FOUND')
  const left = await limit('card-opened', input.id, cardOpenings)
  if (!left.ok) return left
  return inClinic(clinicId, async (tx) => {
    const { patientId } = found
    await store.saveOpening(tx, clinicId, { patientId, cardId: input.id, at: now })
    await audit(tx, { kind: 'system', clinicId }, 'emergency.card-opened', input.id)
    await notify(tx, 'patient', patientId)
    return ok({ sealed: found.sealed })
  })
}
