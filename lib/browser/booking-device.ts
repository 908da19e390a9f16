import type { IdentityContent, StoredRecord } from '../record/rules.ts'
import type { PatientChart } from '../patient/rules.ts'
import { call, type Answer } from './api.ts'
import { identityOf } from './identity.ts'
import { learnKeys } from './own-keys.ts'
import { openPatientSession } from './patient-session.ts'
import type { ChainView, KeyHome, PatientHandle } from './vault-api.ts'
import { isPast, type CareView } from './vault-care-api.ts'
import { VaultError } from './vault-error.ts'
import { vault } from './vault.ts'
import { compareWitness } from './witness.ts'

export interface KnownPatient {
  handle: PatientHandle
  identity: IdentityContent | null
  consent: PatientChart['consent']
  /** As what this device helps them; null where it is the patient's own. */
  helper: CareView | null
  /** Whether they have a visit at the clinic, be it to come. */
  hasBeen: boolean
  /** Their appointments, newest first. */
  appointments: string[]
}
export interface Device {
  home: KeyHome
  trust: ChainView['trust']
  /** The link of this tab names another key than the clinic's, which this device knows: told, and no more. */
  otherLink: boolean
  /** What a call needs and this browser lacks. */
  missing: ('camera' | 'transform')[]
  known: KnownPatient[]
}
export type Preparation = { ok: true; device: Device } | { ok: false; why: 'old-browser' | 'forged' | 'failed' }

/** The fingerprint that the link of this tab carried. A booking page keeps it before any script of ours runs. */
export function linkOf(clinicId: string): string | undefined {
  try {
    return sessionStorage.getItem(`curtain:link:${clinicId}`) ?? undefined
  } catch {
    return undefined
  }
}

/** The fingerprint that the clinic must have: the one this device has kept since a link first carried it, else this tab's. */
export function pinOf(clinicId: string): string | undefined {
  try {
    return localStorage.getItem(`curtain:pin:${clinicId}`) ?? linkOf(clinicId)
  } catch {
    return linkOf(clinicId)
  }
}

async function canEncrypt(): Promise<boolean> {
  try {
    await crypto.subtle.generateKey('X25519', false, ['deriveBits'])
    await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
    return 'Worker' in window
  } catch {
    return false
  }
}

function callNeeds(): Device['missing'] {
  const missing: Device['missing'] = []
  if (!navigator.mediaDevices?.getUserMedia || !('RTCPeerConnection' in window)) missing.push('camera')
  if (!('RTCRtpScriptTransform' in window)) missing.push('transform')
  return missing
}

/** Before the form: whether this browser keeps a key, can make the call, and is shown the clinic that its link names. */
export async function prepareDevice(clinicId: string): Promise<Preparation> {
  if (!(await canEncrypt())) return { ok: false, why: 'old-browser' }
  const trust = await loadChain(clinicId)
  if (typeof trust !== 'object') return { ok: false, why: trust }
  const home = await vault().probe()
  const known = home === 'stored' ? await knownPatients(clinicId) : []
  const link = linkOf(clinicId)
  const otherLink = link !== undefined && link !== trust.rootFingerprint
  return { ok: true, device: { home, trust: trust.trust, otherLink, missing: callNeeds(), known } }
}

/** What the chain of the clinic that this browser knows says now; null where another is shown, or none. */
export async function readClinicChain(clinicId: string): Promise<ChainView | null> {
  const chain = await loadChain(clinicId)
  return typeof chain === 'object' ? chain : null
}

/** Whether the clinic is the one that this browser knows: what is signed for a patient cites its chain. */
export const loadClinicChain = async (clinicId: string): Promise<boolean> => (await readClinicChain(clinicId)) !== null

/**
 * What another device or a printed page knows the clinic by, tried and not kept: false unless the chain has that root, and the one
 * that this device knows, if it knows one.
 */
export async function tryRoot(clinicId: string, rootFingerprint: string): Promise<boolean> {
  const known = pinOf(clinicId)
  const chain = await loadChain(clinicId, known ?? rootFingerprint, known ? undefined : 'tried')
  return typeof chain === 'object' && chain.rootFingerprint === rootFingerprint
}

/**
 * Once the chain was verified against it, and a record of the patient's own opened: the clinic is known by this from now on. Until
 * then it is what somebody wrote into a link.
 */
export async function keepRoot(patient: PatientHandle, rootFingerprint: string): Promise<void> {
  const { clinicId, patientId } = patient
  const chart = await loadChart(patient)
  if (!chart.ok) return
  const opened = await vault().open(chart.value.records, { asPatient: patientId, patientId })
  if (!opened.some((each) => each.ok)) return
  try {
    const name = `curtain:pin:${clinicId}`
    if (!localStorage.getItem(name)) localStorage.setItem(name, rootFingerprint)
  } catch {
    // Storage is off: then the chain is held against what it was at first use.
  }
}

/** The clinic's chain, verified against the link's pin, what this device saw before, and what the clinic's witness saw. */
async function loadChain(
  clinicId: string,
  pin = pinOf(clinicId),
  tried?: 'tried',
): Promise<ChainView | 'forged' | 'failed'> {
  const chain = await call('access/chain', { clinicId }, { retry: true })
  if (!chain.ok) return 'failed'
  try {
    const shown = await vault().loadChain(chain.value, pin, tried)
    // The defence of attack 11 for who is here for the first time: nothing of their own tells a shorter chain from a whole one.
    await compareWitness(clinicId)
    return shown
  } catch (error) {
    if (error instanceof VaultError) return 'forged'
    throw error
  }
}

export async function loadChart(handle: PatientHandle): Promise<Answer<PatientChart>> {
  const session = await openPatientSession(handle)
  if (!session.ok) return session
  const chart = await call('patient/chart', {}, { as: 'patient', patientId: handle.patientId, retry: true })
  if (chart.ok) await learnKeys(handle, chart.value.keys)
  return chart
}

/** Who the patient is, by the newest record that opens: their own word before the clinic's. */
async function openIdentity(records: readonly StoredRecord[], patientId: string): Promise<IdentityContent | null> {
  const mine = records.filter((record) => record.meta.type === 'identity')
  const opened = await vault().open<IdentityContent>(mine as never, { asPatient: patientId, patientId })
  return identityOf(opened.flatMap((each) => (each.ok ? [each.value] : [])))?.content ?? null
}

export async function knownPatients(clinicId: string): Promise<KnownPatient[]> {
  const found: KnownPatient[] = []
  for (const handle of (await vault().patients(clinicId)).slice(0, 8)) {
    const chart = await loadChart(handle)
    // Keys that were made and never used: a booking that was begun and left.
    if (!chart.ok) continue
    const { clinicId: clinic, patientId } = handle
    const { records, consent, care: rows, now } = chart.value
    const of = { clinicId: clinic, patientId, asPatient: patientId, rows, now }
    const care = await vault().loadCare({ ...of, records: records.filter(({ meta }) => meta.type === 'care') })
    const helper = care.find(({ mine }) => mine) ?? null
    if (helper && isPast(helper)) continue
    const identity = await openIdentity(records, patientId)
    found.push({
      handle,
      identity,
      consent,
      helper,
      hasBeen: chart.value.hasBeen,
      appointments: chart.value.appointments.map(({ id }) => id),
    })
  }
  return found
}
