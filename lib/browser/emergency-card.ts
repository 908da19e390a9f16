import { CardContent, type CardForm, type MyCard } from '../emergency/rules.ts'
import { call, type Answer } from './api.ts'
import { openPatientSession } from './patient-session.ts'
import type { PatientHandle } from './vault-api.ts'
import { VaultError } from './vault-error.ts'
import { vault } from './vault.ts'

const as = ({ patientId }: PatientHandle) => ({ as: 'patient' as const, patientId })

export interface OwnCard extends MyCard {
  /** What this device made and can print again; null where another device made it. */
  kept: { link: string; content: CardContent } | null
}

const linkOf = (cardId: string, secret: string) => `${location.origin}/card/${cardId}#${secret}`

export async function loadCard(patient: PatientHandle): Promise<Answer<OwnCard>> {
  const session = await openPatientSession(patient)
  if (!session.ok) return session
  const mine = await call('emergency/my-card', {}, { ...as(patient), retry: true })
  if (!mine.ok) return mine
  const kept = await vault().keptCard<CardContent>(patient.patientId)
  const same = kept && kept.cardId === mine.value.card?.id
  return {
    ok: true,
    value: { ...mine.value, kept: same ? { link: linkOf(kept.cardId, kept.secret), content: kept.content } : null },
  }
}

/** A new card under a new code; the one before opens no more. */
export async function makeCard(patient: PatientHandle, form: CardForm): Promise<Answer<{ madeAt: string }>> {
  const session = await openPatientSession(patient)
  if (!session.ok) return session
  const id = crypto.randomUUID()
  const content: CardContent = { ...form, madeAt: new Date().toISOString() }
  const { sealed, claimHash } = await vault().sealCard({ patientId: patient.patientId, cardId: id, content })
  return call('emergency/save-card', { id, sealed, claimHash }, { ...as(patient), retry: true })
}

export async function revokeCard(patient: PatientHandle): Promise<Answer<{ done: true }>> {
  const session = await openPatientSession(patient)
  if (!session.ok) return session
  return call('emergency/revoke-card', {}, { ...as(patient), retry: true })
}

export type CardVerdict =
  { is: 'open'; content: CardContent } | { is: 'bad-link' | 'gone' | 'offline' | 'busy' | 'damaged' }

/** By the code alone: its secret stays in this browser, and only what is derived from it is shown to the server. */
export async function readCard(cardId: string, fragment: string): Promise<CardVerdict> {
  const secret = fragment.replace(/^#/, '')
  if (!/^[\w-]{43}$/.test(secret)) return { is: 'bad-link' }
  try {
    const claim = await vault().cardClaim({ cardId, secret })
    const answer = await call('emergency/open-card', { id: cardId, claim })
    if (!answer.ok) {
      if (answer.code === 'TOO_MANY') return { is: 'busy' }
      return { is: answer.code === 'NOT_FOUND' || answer.code === 'BAD_INPUT' ? 'gone' : 'offline' }
    }
    const content = CardContent.safeParse(await vault().openCard({ cardId, secret, sealed: answer.value.sealed }))
    return content.success ? { is: 'open', content: content.data } : { is: 'damaged' }
  } catch (error) {
    if (error instanceof VaultError) return { is: 'damaged' }
    throw error
  }
}
