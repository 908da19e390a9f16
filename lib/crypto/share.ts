import { type Bytes, concat, derive, fromB64, random, toB64, utf8 } from './bytes.ts'
import { decodeArray, decodeContent, encode, encodeContent, read } from './cbor.ts'
import { verifyChain, memberAt, type Chain } from './chain.ts'
import { CryptoError } from './errors.ts'
import { box } from './keys.ts'
import { hasKind } from './policy.ts'
import { sign, verify } from './sign.ts'
import type { ChainStatement } from './types.ts'

/** What the prescriber signs for a pharmacist who knows nothing but the QR code. */
export interface Issued {
  rxId: string
  memberId: string
  /** What the prescriber signs to be called. */
  prescriberName: string
  /** ISO 8601, UTC. */
  issuedAt: string
  prescription: unknown
}

/**
 * The pharmacist's copy: the prescription, the prescriber's signature and the clinic's whole chain, under a secret that
 * goes into the QR code's fragment. Self-contained: the server's word counts for nothing in `openShare`.
 */
export async function sealShare(
  issued: Issued,
  clinic: { chain: Chain; statements: ChainStatement[] },
  prescriber: { key: CryptoKey; public: Bytes },
): Promise<{ secret: Bytes; share: Bytes }> {
  const { chain } = clinic
  const content = encodeContent(issued.prescription)
  const { rxId, memberId, prescriberName, issuedAt } = issued
  const fields = [chain.clinicId, rxId, memberId, prescriberName, issuedAt, chain.head, content]
  const signature = await sign(prescriber.key, 'prescription', fields)
  const statements = clinic.statements.map((statement) => [
    fromB64(statement.body),
    fromB64(statement.signer),
    fromB64(statement.signature),
  ])
  const secret = random(32)
  const [iv, ct] = await box(await shareKey(secret, rxId), shareAad(rxId), encode([...fields, signature, statements]))
  return { secret, share: encode([1, iv, ct]) }
}

/**
 * Opens and believes a share only through the fragment: its secret decrypts, its root fingerprint anchors the chain.
 * Throws NOT_FOR_YOU for another secret, prescription or an altered byte; CHAIN_FORKED for another root; CHAIN_INVALID;
 * NOT_VOUCHED when the signer was no practitioner of the clinic; BAD_SIGNATURE.
 */
export async function openShare(input: {
  rxId: string
  secret: Bytes
  share: Bytes
  rootFingerprint: Bytes
}): Promise<Issued & { chain: Chain }> {
  const [version, iv, ct] = decodeArray(input.share, 3)
  if (version !== 1) throw new CryptoError('UNSUPPORTED', `share version ${String(version)}`)
  const key = await shareKey(input.secret, input.rxId)
  const body = await unbox(key, shareAad(input.rxId), read.bytes(iv, 12, 'nonce'), read.anyBytes(ct, 'ciphertext'))
  const fields = decodeArray(body, 9)
  const clinicId = read.id(fields[0], 'clinic')
  const chain = await verifyChain(clinicId, readStatements(fields[8]), { rootFingerprint: input.rootFingerprint })
  const seq = chain.hashes.indexOf(toB64(read.bytes(fields[5], 32, 'chain head')))
  const memberId = read.id(fields[2], 'member')
  // The defence of attack 10: the signature must be that of somebody whom this root's chain made a practitioner.
  const member = chain.members.find(
    (each) => each.memberId === memberId && memberAt(chain, each.keys.sign, seq) === each,
  )
  if (seq < 0 || !member?.roles.includes('practitioner') || !hasKind(member.groups, 'clinical')) {
    throw new CryptoError('NOT_VOUCHED', 'no practitioner of this clinic')
  }
  const content = read.anyBytes(fields[6], 'prescription')
  const signed = [...fields.slice(0, 6), content] as Parameters<typeof verify>[2]
  await verify(member.keys.sign, 'prescription', signed, read.bytes(fields[7], 64, 'signature'))
  if (fields[1] !== input.rxId) throw new CryptoError('BAD_ENVELOPE', 'another prescription')
  const prescriberName = read.text(fields[3], 'name')
  const issuedAt = read.text(fields[4], 'date')
  return { rxId: input.rxId, memberId, prescriberName, issuedAt, prescription: decodeContent(content), chain }
}

function readStatements(value: unknown): ChainStatement[] {
  return read.array(value, 'chain').map((statement, seq) => {
    const [body, signer, signature] = read.array(statement, 'statement')
    return {
      seq,
      body: toB64(read.anyBytes(body, 'statement')),
      signer: toB64(read.bytes(signer, 32, 'signer')),
      signature: toB64(read.bytes(signature, 64, 'signature')),
    }
  })
}

async function shareKey(secret: Bytes, rxId: string): Promise<CryptoKey> {
  const raw = await derive(secret, 'share', utf8(rxId), 32)
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

const shareAad = (rxId: string): Bytes => concat(utf8('curtain/v1/share'), encode([1, rxId]))

async function unbox(key: CryptoKey, additionalData: Bytes, iv: Bytes, ct: Bytes): Promise<Bytes> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, ct))
  } catch {
    throw new CryptoError('NOT_FOR_YOU', 'the copy does not open with this link')
  }
}
