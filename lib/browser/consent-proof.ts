import {
  consentFields,
  consentPurpose,
  consentWords,
  type ConsentContent,
  type ConsentFacts,
} from '../consent/rules.ts'
import { fromB64, sha256, toB64, utf8 } from '../crypto/bytes.ts'
import { signedBytes, verify } from '../crypto/sign.ts'
import type { OpenResult } from './vault-api.ts'

export interface SignedConsent extends ConsentFacts {
  signer: string
  signature: string
}

export type ConsentFault = 'destroyed' | 'missing' | 'unopened' | 'text-changed' | 'bad-signature' | 'unknown-signer'

/**
 * Whether a patient signed exactly this text: the sealed text has the hash that was signed, the signature is over that hash
 * and this place in their history, and the key is the one that sealed the text. The server's word is not asked.
 */
export async function checkConsent(event: SignedConsent, record: OpenResult | undefined): Promise<ConsentFault | null> {
  if (!record) return isDestroyed(event) ? 'destroyed' : 'missing'
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

/** What a purge leaves of it: that it was, and its hash. Nobody can check more of it, and it proves no consent. */
const isDestroyed = ({ textHash, signature }: { textHash: string; signature?: string }): boolean =>
  !textHash && !signature

/** An event as the server files it: what was signed, and its hash, which the next one names. */
export type FiledConsent = ConsentFacts & { hash: string; signature?: string }
export type HistoryFault = 'CHAIN_SHORTER' | 'CHAIN_FORKED'

/**
 * Whether a patient's history of consents is whole: every event follows the one before, and each sealed consent has its event.
 * Which tells that it was cut by whoever left the sealed texts; what a browser saw before, `keepConsents` tells.
 */
export async function checkHistory(events: FiledConsent[], consentRecordIds: string[]): Promise<HistoryFault | null> {
  let previous = ''
  for (const [seq, event] of [...events].sort((a, b) => a.seq - b.seq).entries()) {
    if (event.seq !== seq) return 'CHAIN_SHORTER'
    if (event.previous !== previous) return 'CHAIN_FORKED'
    // One whose text was destroyed is held by its hash alone. It stands for no text that is there: see the last line.
    previous = isDestroyed(event) ? event.hash : toB64(await sha256(signedBytes(consentPurpose, consentFields(event))))
    if (event.hash !== previous) return 'CHAIN_FORKED'
  }
  // The defence of attack 11 for an empty profile: a text that was signed, and an event that is gone.
  const filed = new Set(events.filter((event) => !isDestroyed(event)).map((event) => event.recordId))
  return consentRecordIds.every((recordId) => filed.has(recordId)) ? null : 'CHAIN_SHORTER'
}
