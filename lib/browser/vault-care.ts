import { isOver, serverEnd } from '../care/rules.ts'
import { equal, fromB64, toB64 } from '../crypto/bytes.ts'
import {
  type Care,
  checkCare,
  checkCareEnding,
  encodeCare,
  isOfItself,
  signCare,
  signCareEnding,
} from '../crypto/care.ts'
import type { RawKeys } from '../crypto/keys.ts'
import { MOST_LINKS } from '../crypto/patient-link.ts'
import type { B64, Sealed } from '../crypto/types.ts'
import { requireDevice } from './device-keys.ts'
import type { OpenOptions, OpenResult } from './vault-api.ts'
import type { CareRowInput, CareState, CareVault, CareView, HelperView } from './vault-care-api.ts'
import { publicKeys, rawKeys, sameKeys, type TrustedPatientKey, type VaultContext } from './vault-context.ts'
import { refusalCode, VaultError } from './vault-error.ts'
import { ownRoots } from './vault-links.ts'

/** A signed statement, and what is known of how it stands. */
export interface HeldCare {
  care: Care
  statement: B64
  /** By a word that somebody signed who may. */
  ended: boolean
  /** What the server said of it last. */
  row: CareRowInput | null
}

/** What storage keeps: a server that leaves out what this browser saw takes nothing back. */
interface StoredCare {
  statements: B64[]
  endings: B64[]
}

const nameOf = (clinicId: string, patientId: string) => `${clinicId}/${patientId}`
const heldOf = (context: VaultContext, name: string): HeldCare[] => context.care.get(name)?.held ?? []

/** The later of two clocks: the server can end what somebody may, and prolong nothing. */
const nowOf = (context: VaultContext, name: string): Date =>
  new Date(Math.max(Date.now(), context.care.get(name)?.serverNow ?? 0))

type TrustOf = (keys: RawKeys) => 'own' | 'vouched' | 'first-use' | null

/** How a statement stands, and what is believed of it because of who let them in. */
function stateOf(
  context: VaultContext,
  name: string,
  { care, ended, row }: HeldCare,
  trustOf: TrustOf,
  steps = 0,
): { state: CareState; trust: ReturnType<TrustOf> } {
  const is = (state: CareState) => ({ state, trust: null })
  const { terms, from, to } = care
  if (ended || row?.endedAt) return is('ended')
  // An end that was moved, a role that was changed, keys that were put in the place of others: the row says what nobody signed.
  if (row && !isAsSigned(row, care)) return is('altered')
  const now = nowOf(context, name)
  if (isOver(terms.end, now)) return is('over')
  // Sooner than was signed, the server may: it refuses from then on, and nothing is granted in vain.
  if (row?.until && new Date(row.until) <= now) return is('ended')
  if (steps > MOST_LINKS) return is('unknown')
  if (!isOfItself(care)) {
    const granter = heldOf(context, name).find((each) => sameKeys(each.care.to, from))
    // The defence against a helper who lets others in: a carer's word is none, and a guardian's lasts as long as the guardian.
    if (granter) {
      if (granter.care.terms.role !== 'guardian') return is('unknown')
      const by = stateOf(context, name, granter, trustOf, steps + 1)
      return by.state === 'holds' ? by : is(by.state)
    }
  }
  const trust = trustOf(isOfItself(care) ? to : from)
  return trust ? { state: 'holds', trust } : is('unknown')
}

function isAsSigned(row: CareRowInput, { terms, to }: Care): boolean {
  const until = serverEnd(terms.end)
  const isInTime = until === null || (row.until !== null && Date.parse(row.until) <= Date.parse(until))
  return isInTime && row.role === terms.role && sameKeys(rawKeys(row.keys), to)
}

/** What a browser of the clinic goes by: keys that a member vouched for, or that were met first. */
const clinicTrust =
  (known: readonly TrustedPatientKey[]): TrustOf =>
  (keys) =>
    known.find((each) => sameKeys(each.keys, keys))?.trust ?? null

/** Whether this agreement key is a helper's whom something may be granted to now. */
export function mayReadAsHelper(
  context: VaultContext,
  name: string,
  dh: B64,
  known: readonly TrustedPatientKey[],
): boolean {
  const held = heldOf(context, name).find(({ care }) => toB64(care.to.dh) === dh)
  if (!held || isOfItself(held.care)) return false
  const { state, trust } = stateOf(context, name, held, clinicTrust(known))
  // Beside a key that a member vouched for, one met first lets nobody in.
  return state === 'holds' && (trust === 'vouched' || !known.some((each) => each.trust === 'vouched'))
}

/**
 * Whether a key that is believed by itself is of somebody whose help is over: who booked for a child that has come of age, or a
 * helper whom a member recognised in a call.
 */
export function hasStepsBack(context: VaultContext, name: string, dh: B64): boolean {
  const held = heldOf(context, name).find(({ care }) => toB64(care.to.dh) === dh)
  return held !== undefined && stateOf(context, name, held, () => 'own').state !== 'holds'
}

/** Whether who booked on this device says of themselves that they only help. */
export const onlyHelps = (
  context: VaultContext,
  device: { clinicId: string; patientId: string; keys: { public: RawKeys } },
) =>
  heldOf(context, nameOf(device.clinicId, device.patientId)).some(
    ({ care }) => isOfItself(care) && care.terms.role === 'carer' && sameKeys(care.to, device.keys.public),
  )

/** Who helps by this signing key; null for one that is the patient's own. Their words stay theirs when it is over. */
export function helperOf(
  context: VaultContext,
  name: string,
  signKey: Uint8Array<ArrayBuffer>,
  trustOf: TrustOf,
): (HelperView & { trust: TrustedPatientKey['trust'] | 'own' | null }) | null {
  const held = heldOf(context, name).find(({ care }) => equal(care.to.sign, signKey))
  if (!held) return null
  const { careId, name: called, relation } = held.care.terms
  const { state } = stateOf(context, name, held, trustOf)
  const root = rootOf(context, name, held.care)
  return { careId, name: called, relation, state, trust: root && trustOf(root) }
}

/** The key that let them in, or that let in who did; null where a carer did. */
function rootOf(context: VaultContext, name: string, care: Care): RawKeys | null {
  let at = care
  for (let steps = 0; steps <= MOST_LINKS; steps++) {
    if (isOfItself(at)) return at.to
    const granter = heldOf(context, name).find((each) => sameKeys(each.care.to, at.from))
    if (!granter) return at.from
    if (granter.care.terms.role !== 'guardian') return null
    at = granter.care
  }
  return null
}

/** Keys of those whom this device's patient lets help: what they hand in is read. `holding`: those alone who are granted to. */
export function helpersOf(
  context: VaultContext,
  device: { clinicId: string; patientId: string },
  own: readonly RawKeys[],
  holding = false,
): RawKeys[] {
  const name = nameOf(device.clinicId, device.patientId)
  const trustOf: TrustOf = (keys) => (own.some((each) => sameKeys(each, keys)) ? 'own' : null)
  return heldOf(context, name)
    .filter(({ care }) => !isOfItself(care))
    .filter((held) => {
      const root = rootOf(context, name, held.care)
      if (!root || !trustOf(root)) return false
      return !holding || stateOf(context, name, held, trustOf).state === 'holds'
    })
    .map(({ care }) => care.to)
}

/** Keeps a statement that was just signed here. */
export async function addCare(context: VaultContext, care: Care, statement: B64): Promise<void> {
  const name = nameOf(care.clinicId, care.patientId)
  const at = context.care.get(name) ?? { held: [], serverNow: 0 }
  if (!at.held.some((each) => each.statement === statement)) at.held.push({ care, statement, ended: false, row: null })
  context.care.set(name, at)
  await keep(context, name, { statements: [statement], endings: [] })
}

async function keep(context: VaultContext, name: string, fresh: StoredCare): Promise<StoredCare> {
  const stored = (await context.storage.get<StoredCare>(`care:${name}`)) ?? { statements: [], endings: [] }
  const merged = {
    statements: [...new Set([...stored.statements, ...fresh.statements])],
    endings: [...new Set([...stored.endings, ...fresh.endings])],
  }
  const grew = merged.statements.length + merged.endings.length > stored.statements.length + stored.endings.length
  if (grew) await context.storage.put(`care:${name}`, merged)
  return merged
}

function refused(error: unknown): null {
  if (refusalCode(error)) return null
  throw error
}

/** Whether who signed an ending may: the patient's own device, who let them in, or the helper. */
function mayEnd(signer: Uint8Array, { from, to }: Care, own: readonly RawKeys[]): boolean {
  return [from, to, ...own].some((keys) => equal(keys.sign, signer))
}

export function caring(
  context: VaultContext,
  open: (records: Sealed[], options: OpenOptions) => Promise<OpenResult[]>,
): CareVault {
  return {
    async loadCare({ clinicId, patientId, asPatient, records, rows, now }) {
      const name = nameOf(clinicId, patientId)
      const device = asPatient ? await requireDevice(context, asPatient) : null
      // Who is shut out is shown no record and no list of members: what it was, this browser kept.
      const opened = records.length ? await open(records, { patientId, ...(asPatient && { asPatient }) }) : []
      const statements = opened.flatMap((each) => {
        const content = each.ok && each.value.type === 'care' ? (each.value.content as { statement?: unknown }) : null
        return typeof content?.statement === 'string' ? [content.statement] : []
      })
      const before = await keep(context, name, { statements: [], endings: [] })
      const candidates = [...new Set([...before.statements, ...statements])]
      const good: { care: Care; statement: B64 }[] = []
      for (const statement of candidates) {
        // The defence against a link that was moved to another patient, or altered by a byte.
        const care = await checkCare(clinicId, patientId, fromB64(statement)).catch(refused)
        if (care) good.push({ care, statement })
      }
      const known = context.patientKeys.get(name) ?? []
      const own = device ? ownRoots(context, device) : known.map(({ keys }) => keys)
      const ended = new Set<string>()
      const endings: B64[] = []
      for (const bytes of [...before.endings, ...rows.flatMap(({ ending }) => ending ?? [])]) {
        const ending = await checkCareEnding(clinicId, patientId, fromB64(bytes)).catch(refused)
        const of = ending && good.find(({ care }) => care.terms.careId === ending.careId)
        if (!ending || !of || !mayEnd(ending.signer, of.care, own)) continue
        ended.add(ending.careId)
        endings.push(bytes)
      }
      // The defence against a link that is shown again after it was ended: this browser saw the word that ended it.
      await keep(context, name, { statements: good.map(({ statement }) => statement), endings })
      const held = good.map(({ care, statement }) => ({
        ...{ care, statement, ended: ended.has(care.terms.careId) },
        row: rows.find((row) => row.careId === care.terms.careId) ?? null,
      }))
      const serverNow = Math.max(context.care.get(name)?.serverNow ?? 0, Date.parse(now) || 0)
      const said = (all: HeldCare[]) => JSON.stringify(all.map(({ statement, ended, row }) => [statement, ended, row]))
      // What was opened says of its author who they were then.
      if (said(held) !== said(heldOf(context, name))) context.cache.drop()
      context.care.set(name, { held, serverNow })
      const trustOf: TrustOf = device
        ? (keys) => (own.some((each) => sameKeys(each, keys)) ? 'own' : null)
        : clinicTrust(known)
      return held.map((each): CareView => {
        const { role, relation, name: called, end, careId, since } = each.care.terms
        const { state, trust } = stateOf(context, name, each, trustOf)
        return {
          ...{ careId, role, relation, name: called, end, since, state },
          ...{ keys: publicKeys(each.care.to), ofItself: isOfItself(each.care), vouched: trust === 'vouched' },
          mine: device !== null && sameKeys(each.care.to, device.keys.public),
        }
      })
    },

    async careOfItself({ patientId, terms }) {
      const { clinicId, keys } = await requireDevice(context, patientId)
      const careId = crypto.randomUUID()
      const since = new Date().toISOString()
      const care: Care = {
        ...{ clinicId, patientId, from: keys.public, to: keys.public },
        terms: { ...terms, careId, since },
      }
      const half = await signCare(care, keys.sign.privateKey)
      const statement = toB64(encodeCare(care, { from: half, to: half }))
      await addCare(context, care, statement)
      return { careId, statement, until: serverEnd(terms.end) }
    },

    async endCare({ patientId, careId }) {
      const { clinicId, keys } = await requireDevice(context, patientId)
      const name = nameOf(clinicId, patientId)
      const held = heldOf(context, name).find(({ care }) => care.terms.careId === careId)
      if (!held) throw new VaultError('NO_KEY', 'nobody of that name helps')
      const ending = { clinicId, patientId, careId, endedAt: new Date().toISOString(), signer: keys.public.sign }
      const bytes = toB64(await signCareEnding(ending, keys.sign.privateKey))
      held.ended = true
      await keep(context, name, { statements: [], endings: [bytes] })
      return { ending: bytes }
    },
  }
}
