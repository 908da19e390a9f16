import { type Bytes, concat, derive, equal, random, sha256 } from './bytes.ts'
import { decodeArray, encode, read } from './cbor.ts'
import { CryptoError } from './errors.ts'
import type { RawKeys } from './keys.ts'
import { managingKind, readGroup, recordTypes, wholeOf } from './policy.ts'
import { signBytes, signedBytes, verifyBytes } from './sign.ts'
import type { Group, RecordType } from './types.ts'

const VERSION = 1
/** X25519, Ed25519, HKDF-SHA256, AES-256-GCM. 2 is reserved for X-Wing. */
const SUITE = 1
/** Plaintext of one chunk. A record's body is one chunk, a file's many: one format for both. */
export const CHUNK = 64 * 1024
const TAG = 16
const HEADER_FIELDS = 13
const BODY_MOST = 256 * 1024 * 1024

export interface Header {
  type: RecordType
  clinicId: string
  patientId: string
  recordId: string
  revision: number
  /** Record hash of the revision before; null at revision 1. */
  previous: Bytes | null
  /** Both keys, so that whoever checks the signature also learns where to seal an answer. */
  author: RawKeys
  /** Head of the clinic's chain as the author knew it. */
  chainHead: Bytes
  /** Version of the content's own shape. */
  schema: number
  /** The group whose members may add or remove grants. */
  managing: Group
}

/** One sealed body, before anyone is granted it. */
export interface Envelope {
  header: Bytes
  commit: Bytes
  ciphertext: Bytes
  signature: Bytes
}

/** Throws as `parseHeader`: nobody seals what nobody will open. */
export function encodeHeader(header: Header): Bytes {
  const fields = [
    VERSION,
    SUITE,
    header.type,
    header.clinicId,
    header.patientId,
    header.recordId,
    header.revision,
    header.previous,
    header.author.sign,
    header.author.dh,
    header.chainHead,
    header.schema,
    header.managing,
  ]
  readHeader(fields)
  return encode(fields)
}

/**
 * Throws UNSUPPORTED for an unknown version, suite, type or group, and BAD_ENVELOPE for a field too many or too few, of
 * another kind or length, for CBOR that is not deterministic, for a managing group that is not the type's, and for a
 * revision without its predecessor's hash.
 */
export const parseHeader = (bytes: Bytes): Header => readHeader(decodeArray(bytes))

function readHeader(fields: unknown[]): Header {
  if (fields[0] !== VERSION) throw new CryptoError('UNSUPPORTED', `version ${String(fields[0])}`)
  if (fields[1] !== SUITE) throw new CryptoError('UNSUPPORTED', `suite ${String(fields[1])}`)
  if (fields.length !== HEADER_FIELDS) throw new CryptoError('UNSUPPORTED', `${fields.length} header fields`)
  const header: Header = {
    type: read.oneOf(fields[2], recordTypes, 'type'),
    clinicId: read.id(fields[3], 'clinic'),
    patientId: read.id(fields[4], 'patient'),
    recordId: read.id(fields[5], 'record'),
    revision: read.count(fields[6], 1, 'revision'),
    previous: fields[7] === null ? null : read.bytes(fields[7], 32, 'previous hash'),
    author: { sign: read.bytes(fields[8], 32, 'author key'), dh: read.bytes(fields[9], 32, 'author agreement key') },
    chainHead: read.bytes(fields[10], 32, 'chain head'),
    schema: read.count(fields[11], 1, 'schema'),
    managing: readGroup(fields[12]),
  }
  if (wholeOf(header.managing) !== managingKind[header.type])
    throw new CryptoError('BAD_ENVELOPE', 'managing group of another type')
  if ((header.revision === 1) !== (header.previous === null))
    throw new CryptoError('BAD_ENVELOPE', 'revision and previous')
  return header
}

/**
 * Seals under a DEK made here and used for nothing else: every chunk's nonce starts from zero, which is safe because no
 * caller can hand a DEK in. An interrupted upload resends the stored bytes.
 */
export async function sealBody(
  header: Header,
  body: Bytes,
  author: CryptoKey,
): Promise<{ envelope: Envelope; dek: Bytes; hash: Bytes }> {
  if (body.length > BODY_MOST) throw new TypeError('body too long')
  const headerBytes = encodeHeader(header)
  const headerHash = await sha256(headerBytes)
  const dek = random(32)
  const { key, commit } = await bodyKey(dek, headerHash, 'encrypt')
  const chunks = await Promise.all(
    split(body, CHUNK).map((chunk, index, all) =>
      crypto.subtle.encrypt(chunkParams(headerHash, index, index === all.length - 1), key, chunk),
    ),
  )
  const ciphertext =
    chunks.length === 1 ? new Uint8Array(chunks[0]!) : concat(...chunks.map((chunk) => new Uint8Array(chunk)))
  const signed = await envelopeBytes(headerBytes, commit, ciphertext)
  const [signature, hash] = await Promise.all([signBytes(author, signed), sha256(signed)])
  return { envelope: { header: headerBytes, commit, ciphertext, signature }, dek, hash }
}

/**
 * Parses the header and checks the author's signature over header ‖ commit ‖ H(ciphertext). Says nothing of who the author
 * is: `openRecord` asks the chain. Throws as `parseHeader`, and BAD_SIGNATURE.
 */
export async function verifyEnvelope(envelope: Envelope): Promise<{ header: Header; hash: Bytes }> {
  const { header, hash, signed } = await readEnvelope(envelope, await sha256(envelope.ciphertext))
  await verifyBytes(header.author.sign, signed, envelope.signature)
  return { header, hash }
}

/**
 * The header of who has the ciphertext's SHA-256 alone, and the record hash that these bytes make. Nothing here says that the author
 * signed them: that the grants name this hash is for the caller to check. Throws as `parseHeader`.
 */
export async function readEnvelope(
  { header: bytes, commit }: Pick<Envelope, 'header' | 'commit'>,
  ciphertextHash: Bytes,
): Promise<{ header: Header; hash: Bytes; signed: Bytes }> {
  const header = parseHeader(bytes)
  read.bytes(commit, 32, 'commitment')
  const signed = signedBytes('envelope', [bytes, commit, read.bytes(ciphertextHash, 32, 'ciphertext hash')])
  return { header, hash: await sha256(signed), signed }
}

/** Throws BAD_COMMITMENT when the DEK is not the one that the author committed to. */
export async function checkCommitment(header: Bytes, commit: Bytes, dek: Bytes): Promise<void> {
  const both = await derive(dek, 'envelope', await sha256(header), 64)
  if (dek.length !== 32 || !equal(both.subarray(32), commit))
    throw new CryptoError('BAD_COMMITMENT', 'the key is not the committed one')
}

/**
 * Opens what `verifyEnvelope` accepted. Throws BAD_COMMITMENT when the DEK is not the one the author committed to, before
 * anything is decrypted, and BAD_ENVELOPE when the ciphertext does not open under it.
 */
export async function openBody(envelope: Envelope, dek: Bytes): Promise<Bytes> {
  if (dek.length !== 32) throw new CryptoError('BAD_COMMITMENT', 'a DEK is 32 bytes')
  const headerHash = await sha256(envelope.header)
  const { key, commit } = await bodyKey(dek, headerHash, 'decrypt')
  // The defence of attack 9: AES-GCM alone lets one ciphertext open under two keys.
  if (!equal(commit, envelope.commit)) throw new CryptoError('BAD_COMMITMENT', 'the key is not the committed one')
  const pieces = split(envelope.ciphertext, CHUNK + TAG)
  if (pieces.some((piece) => piece.length < TAG) || (pieces.length > 1 && pieces.at(-1)!.length === TAG)) {
    throw new CryptoError('BAD_ENVELOPE', 'ciphertext of an impossible length')
  }
  try {
    const chunks = await Promise.all(
      pieces.map((piece, index) =>
        crypto.subtle.decrypt(chunkParams(headerHash, index, index === pieces.length - 1), key, piece),
      ),
    )
    return chunks.length === 1 ? new Uint8Array(chunks[0]!) : concat(...chunks.map((chunk) => new Uint8Array(chunk)))
  } catch {
    throw new CryptoError('BAD_ENVELOPE', 'ciphertext does not open')
  }
}

/** What the author signs; its SHA-256 is the record hash that grants and the next revision name. */
async function envelopeBytes(header: Bytes, commit: Bytes, ciphertext: Bytes): Promise<Bytes> {
  return signedBytes('envelope', [header, commit, await sha256(ciphertext)])
}

async function bodyKey(
  dek: Bytes,
  headerHash: Bytes,
  use: 'encrypt' | 'decrypt',
): Promise<{ key: CryptoKey; commit: Bytes }> {
  const both = await derive(dek, 'envelope', headerHash, 64)
  const key = await crypto.subtle.importKey('raw', both.subarray(0, 32), 'AES-GCM', false, [use])
  return { key, commit: both.slice(32) }
}

/** Nonce: chunk index as 11 bytes, big-endian, then 1 for the last chunk: none can be dropped, moved or appended. */
function chunkParams(headerHash: Bytes, index: number, last: boolean): AesGcmParams {
  const iv = new Uint8Array(12)
  new DataView(iv.buffer).setUint32(7, index)
  iv[11] = last ? 1 : 0
  return { name: 'AES-GCM', iv, additionalData: headerHash }
}

function split(bytes: Bytes, size: number): Bytes[] {
  const parts: Bytes[] = []
  for (let at = 0; at < bytes.length || at === 0; at += size) parts.push(bytes.subarray(at, at + size))
  return parts
}
