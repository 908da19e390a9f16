import {
  consentFields,
  consentPurpose,
  consentWords,
  type ConsentContent,
  type ConsentFacts,
} from '../consent/rules.ts'
import { fromB64, sha256, toB64, utf8 } from '../crypto/bytes.ts'
import { verify } from '../crypto/sign.ts'
import type { OpenResult } from './vault-api.ts'

export interface SignedConsent extends ConsentFacts {
  signer: string
  signature: string
}

export type ConsentFault = 'missing' | 'unopened' | 'text-changed' | 'bad-signature' | 'unknown-signer'

/**
 * Whether a patient signed exactly this text: the sealed text has the hash that was signed, the signature is over that hash
 * and this place in their history, and the key is the one that sealed the text. The server's word is not asked.
 */
export async function checkConsent(event: SignedConsent, record: OpenResult | undefined): Promise<ConsentFault | null> {
  if (!record) return 'missing'
  if (!record.ok) return record.code === 'NOT_VOUCHED' ? 'unknown-signer' : 'unopened'
  const { author } = record.value
  const content = record.value.content as ConsentContent
  const hash = toB64(await sha256(utf8(consentWords(content))))
  // The defence of attack 10 for consents: take this line out, and a text altered after signing is shown as signed.
  if (hash !== event.textHash || content.consentTextId !== event.consentTextId) return 'text-changed'
  if (author.kind !== 'patient' || author.id !== event.patientId || author.key !== event.signer) return 'unknown-signer'
  try {
    await verify(fromB64(event.signer, 32), consentPurpose, consentFields(event), fromB64(event.signature, 64))
    return null
  } catch {
    return 'bad-signature'
  }
}
