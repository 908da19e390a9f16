import { fromB64, toB64 } from '../crypto/bytes.ts'
import type { CareTerms } from '../crypto/care.ts'
import type { PairRole } from '../crypto/pairing.ts'
import { deviceName } from '../patient/rules.ts'
import { call } from './api.ts'
import { keepRoot, tryRoot } from './booking-device.ts'
import { handOnAll } from './own-keys.ts'
import { openPatientSession } from './patient-session.ts'
import { letIn, type Visit } from './care.ts'
import type { PatientHandle, Vault, VaultCode } from './vault-api.ts'
import type { CareTermsInput } from './vault-care-api.ts'
import { refusalCode } from './vault-error.ts'
import { vault } from './vault.ts'

/** Where two devices stand. `refused`: the code was used, too old, or not one; `held`: this browser has keys of that patient; `altered`: somebody meddled; `differs`: the person said so. */
export type PairStep =
  | { at: 'waiting'; secret: string; expiresAt: Date }
  | { at: 'reading' }
  | { at: 'compare'; code: string; answered: boolean }
  | { at: 'handing' }
  | { at: 'done'; appointments: string[]; terms: CareTerms | null }
  | { at: 'failed'; why: 'refused' | 'altered' | 'differs' | 'held' | 'offline' }

export interface PairSide {
  role: PairRole
  /** Whose records this side opens: the one with access. */
  patient: PatientHandle | null
  /** The code that the other device shows; none where this one shows it. */
  secret?: string
  /** As what somebody else is let in; none where both devices are the patient's. */
  care?: { terms: CareTermsInput; visit: Visit }
}

type Filed = Awaited<ReturnType<Vault['pairFinish']>>

const EVERY_MS = 700
/** Past the relay's own five minutes nothing comes any more. */
const PATIENCE_MS = 5.5 * 60_000

const whys: Partial<Record<VaultCode, 'refused' | 'held'>> = { BAD_INVITATION: 'refused', HELD_ALREADY: 'held' }

class Stop extends Error {
  readonly why: Extract<PairStep, { at: 'failed' }>['why']
  constructor(why: Extract<PairStep, { at: 'failed' }>['why']) {
    super(why)
    this.why = why
  }
}

async function post(relay: string, seq: number, body: string): Promise<Date> {
  const sent = await call('pair/post', { relay, seq, body }, { retry: true })
  if (sent.ok) return new Date(sent.value.expiresAt)
  throw new Stop(sent.code === 'OFFLINE' || sent.code === 'INTERNAL' ? 'offline' : 'refused')
}

async function next(relay: string, seq: number, signal: AbortSignal): Promise<string> {
  const until = performance.now() + PATIENCE_MS
  while (performance.now() < until) {
    signal.throwIfAborted()
    const found = await call('pair/read', { relay, seq }, { retry: true, signal })
    if (!found.ok) throw new Stop(found.code === 'OFFLINE' || found.code === 'INTERNAL' ? 'offline' : 'refused')
    if (found.value.body) return found.value.body
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
  throw new Stop('refused')
}

/** One side of a pairing, from the code to the records. `agree` answers once the person said whether both show the same. */
export async function runPairing(
  side: PairSide,
  show: (step: PairStep) => void,
  agree: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  let relay = ''
  try {
    const compared = side.secret ? await readCode(side, side.secret) : await showCode(side)
    relay = compared.relay
    show({ at: 'compare', code: compared.code, answered: false })
    if (!(await agree())) throw new Stop('differs')
    show({ at: 'compare', code: compared.code, answered: true })
    if (side.patient) await handOver(side.patient, side.care)
    else await takeOver()
  } catch (error) {
    if (signal.aborted) return
    const refusal = refusalCode(error)
    if (!(error instanceof Stop) && !refusal) throw error
    show({
      at: 'failed',
      why: error instanceof Stop ? error.why : ((refusal && whys[refusal]) ?? 'altered'),
    })
  } finally {
    if (relay) await vault().pairDrop({ relay })
  }

  async function showCode({ role, patient }: PairSide) {
    const secret = await vault().newPairSecret()
    const first = await vault().pairShow({ secret, role, patientId: patient?.patientId })
    const expiresAt = await post(first.relay, 1, first.body)
    show({ at: 'waiting', secret, expiresAt })
    const body = await next(first.relay, 2, signal)
    const revealed = await vault().pairReveal({ relay: first.relay, body })
    await post(first.relay, 3, revealed.body)
    return { relay: first.relay, code: revealed.code }
  }

  async function readCode({ role, patient }: PairSide, secret: string) {
    show({ at: 'reading' })
    const at = await vault().pairRelay(secret)
    const answer = await vault().pairRead({
      ...{ secret, role, patientId: patient?.patientId },
      body: await next(at, 1, signal),
    })
    await post(at, 2, answer.body)
    const { code } = await vault().pairSee({ relay: at, body: await next(at, 3, signal) })
    return { relay: at, code }
  }

  async function handOver(patient: PatientHandle, care: PairSide['care']) {
    await post(relay, 4, (await vault().pairVouch({ relay, ...(care && { care: care.terms }) })).body)
    const body = await next(relay, 5, signal)
    show({ at: 'handing' })
    const device = await vault().pairFinish({ relay, body })
    const session = await openPatientSession(patient)
    const added = session.ok ? await file(patient, device, care) : session
    if (!added.ok) throw new Stop(added.code === 'OFFLINE' || added.code === 'INTERNAL' ? 'offline' : 'refused')
    if (!(await handOnAll(patient))) throw new Stop('offline')
    await post(relay, 6, (await vault().pairDone({ relay })).body)
    show({ at: 'done', appointments: [], terms: null })
  }

  async function file(patient: PatientHandle, device: Filed, care: PairSide['care']) {
    const { keyId, keys, name, link } = device
    if (device.care && care) return letIn(patient, { ...device.care, keyId, keys, name }, care.visit)
    const as = { as: 'patient', patientId: patient.patientId, retry: true } as const
    return call('patient/add-device', { keyId, keys, name, link: link!, kind: 'device' }, as)
  }

  async function takeOver() {
    const fourth = await next(relay, 4, signal)
    const accepted = await vault().pairAccept({ relay, body: fourth, name: deviceName(navigator.userAgent) })
    show({ at: 'handing' })
    await post(relay, 5, accepted.body)
    const { patient, rootFingerprint } = await vault().pairEnd({ relay, body: await next(relay, 6, signal) })
    // The server files keys that one with access spoke for: a session of their own is what tells that from somebody's word.
    const session = await openPatientSession(patient)
    if (!session.ok) throw new Stop(session.code === 'OFFLINE' || session.code === 'INTERNAL' ? 'offline' : 'refused')
    const isKnown = await tryRoot(patient.clinicId, rootFingerprint)
    const kept = await vault().pairKeep({ relay })
    if (isKnown) await keepRoot(kept.patient, rootFingerprint)
    show({ at: 'done', appointments: kept.appointments, terms: kept.terms })
  }
}

// ── the code as it is shown, scanned and typed ──

/** Crockford's letters: none that are taken for another. 128 bits make 26 of them. */
const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** The secret as a person types it: "7K3M-…", 26 letters in fours. */
export function spell(secret: string): string {
  let bits = 0n
  for (const byte of fromB64(secret)) bits = (bits << 8n) | BigInt(byte)
  let text = ''
  for (let at = 0; at < 26; at++) {
    text = letters[Number(bits & 31n)]! + text
    bits >>= 5n
  }
  return text.match(/.{1,4}/g)!.join('-')
}

/** Null for what is no such code. Small letters, spaces and the letters that look like digits are taken for what they are. */
export function unspell(typed: string): string | null {
  const text = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1')
  if (text.length !== 26 || [...text].some((letter) => !letters.includes(letter))) return null
  let bits = 0n
  for (const letter of text) bits = (bits << 5n) | BigInt(letters.indexOf(letter))
  if (bits >> 128n) return null
  return toB64(Uint8Array.from({ length: 16 }, (_, at) => Number((bits >> BigInt(8 * (15 - at))) & 255n)))
}

/** In the fragment, which no browser sends: the secret, and which side shows it. */
export const pairLink = (origin: string, secret: string, shownBy: PairRole): string =>
  `${origin}/pair#k=${secret}&r=${shownBy}`

export function readPairLink(text: string): { secret: string; shownBy: PairRole } | null {
  const found = /#k=([A-Za-z0-9_-]{22})&r=(own|new)$/.exec(text)
  return found ? { secret: found[1]!, shownBy: found[2] as PairRole } : null
}
