import { type Bytes, toB64 } from './bytes.ts'
import { decodeArray, encode, read } from './cbor.ts'
import { type Chain, memberAt } from './chain.ts'
import { CryptoError } from './errors.ts'
import { sign, verify } from './sign.ts'

/** An officer's answer to a patient's wish to be forgotten: the patient's receipt. */
export interface ErasureAnswer {
  clinicId: string
  patientId: string
  requestId: string
  state: 'erased' | 'refused'
  /** What is erased; none when it is refused. */
  classes: string[]
  /** Why it is refused; '' when it is not. */
  ground: string
  answeredAt: string
}

const fieldsOf = (answer: ErasureAnswer) => [
  ...[1, answer.clinicId, answer.patientId, answer.requestId, answer.state],
  ...[answer.classes, answer.ground, answer.answeredAt],
]

/** CBOR [1, clinic, patient, request, state, classes, ground, date (ISO 8601, UTC), chain head, signer, signature]. */
export async function signErasure(
  chain: Chain,
  answer: ErasureAnswer,
  signer: { key: CryptoKey; public: Bytes },
): Promise<Bytes> {
  const fields = [...fieldsOf(answer), chain.head, signer.public]
  return encode([...fields, await sign(signer.key, 'erasure', fields)])
}

/**
 * Throws BAD_SIGNATURE, BAD_ENVELOPE for another clinic's or patient's, CHAIN_SHORTER for a head the chain lacks, NOT_VOUCHED
 * when the signer was no officer at that head.
 */
export async function checkErasure(chain: Chain, patientId: string, bytes: Bytes): Promise<ErasureAnswer> {
  const all = decodeArray(bytes, 11)
  const [version, clinic, patient, request, state, classes, ground, answeredAt, head, signer, signature] = all
  if (version !== 1) throw new CryptoError('UNSUPPORTED', `erasure version ${String(version)}`)
  if (clinic !== chain.clinicId || patient !== patientId)
    throw new CryptoError('BAD_ENVELOPE', 'an answer to another patient')
  const answer: ErasureAnswer = {
    clinicId: chain.clinicId,
    patientId,
    requestId: read.id(request, 'request'),
    state: read.oneOf(state, ['erased', 'refused'] as const, 'state'),
    classes: read.array(classes, 'classes').map((each) => read.id(each, 'class')),
    ground: read.text(ground, 'ground'),
    answeredAt: read.text(answeredAt, 'date'),
  }
  const headBytes = read.bytes(head, 32, 'chain head')
  const signerKey = read.bytes(signer, 32, 'signer')
  const fields = [...fieldsOf(answer), headBytes, signerKey]
  await verify(signerKey, 'erasure', fields, read.bytes(signature, 64, 'signature'))
  const seq = chain.hashes.indexOf(toB64(headBytes))
  if (seq < 0) throw new CryptoError('CHAIN_SHORTER', 'the answer cites a head that this chain lacks')
  if (!memberAt(chain, signerKey, seq)?.roles.includes('admin'))
    throw new CryptoError('NOT_VOUCHED', 'not answered by an officer of the clinic')
  return answer
}
