import 'server-only'
import type { PatientActor } from '../access/rules.ts'
import type { Tx } from '../server/tx.ts'

export async function lookupCard(tx: Tx, id: string): Promise<string | null> {
  const [row] = await tx.$queryRaw<{ id: string | null }[]>`SELECT lookup_emergency_card(${id}::uuid) AS id`
  return row?.id ?? null
}

/** For whoever holds the card, who is nobody here: ciphertext, for the right claim alone. */
export async function findCard(tx: Tx, clinicId: string, at: { id: string; claimHash: string }) {
  const row = await tx.emergencyCard.findFirst({ where: { id: at.id, claimHash: at.claimHash, clinicId } })
  return row && { patientId: row.patientId, sealed: Buffer.from(row.sealed).toString('base64url') }
}

export async function saveOpening(
  tx: Tx,
  clinicId: string,
  opening: { patientId: string; cardId: string; at: Date },
): Promise<void> {
  await tx.emergencyCardOpening.create({ data: { clinicId, ...opening } })
}

export async function findMyCard(tx: Tx, actor: PatientActor): Promise<{ id: string; madeAt: Date } | null> {
  return tx.emergencyCard.findFirst({
    where: { clinicId: actor.clinicId, patientId: actor.patientId },
    select: { id: true, madeAt: true },
  })
}

export async function listOpenings(tx: Tx, actor: PatientActor): Promise<Date[]> {
  const rows = await tx.emergencyCardOpening.findMany({
    where: { clinicId: actor.clinicId, patientId: actor.patientId },
    orderBy: { at: 'desc' },
    take: 50,
  })
  return rows.map((row) => row.at)
}

/** In the place of the one before, which opens no more. False when this one was saved already. */
export async function replaceCard(
  tx: Tx,
  actor: PatientActor,
  card: { id: string; claimHash: string; sealed: Uint8Array<ArrayBuffer>; madeAt: Date },
): Promise<boolean> {
  const { clinicId, patientId } = actor
  // One after the other: of two presses at once the later finds the earlier's row.
  await tx.$executeRaw`SELECT 1 FROM patient WHERE id = ${patientId}::uuid FOR UPDATE`
  await tx.emergencyCard.deleteMany({ where: { clinicId, patientId, id: { not: card.id } } })
  const { count } = await tx.emergencyCard.createMany({
    data: [{ ...card, clinicId, patientId }],
    skipDuplicates: true,
  })
  return count === 1
}

export async function deleteCard(tx: Tx, actor: PatientActor): Promise<boolean> {
  const { count } = await tx.emergencyCard.deleteMany({
    where: { clinicId: actor.clinicId, patientId: actor.patientId },
  })
  return count === 1
}
