import { type Bytes, equal, fromB64, toB64 } from '../crypto/bytes.ts'
import { currentMembers } from '../crypto/chain.ts'
import { isSmallOrder, type RawKeys } from '../crypto/keys.ts'
import {
  type CheckedVouch,
  checkPatientVouch,
  countsWholly,
  vouchesAs,
  vouchForPatient,
} from '../crypto/patient-vouch.ts'
import { isOf } from '../crypto/policy.ts'
import type { Group } from '../crypto/types.ts'
import type { Vault } from './vault-api.ts'
import { hasStepsBack, helperOf } from './vault-care.ts'
import {
  type PartVouch,
  rawKeys,
  requireChain,
  requireMember,
  sameKeys,
  type TrustedPatientKey,
  type VaultContext,
} from './vault-context.ts'
import { refusalCode, VaultError } from './vault-error.ts'
import { linksOf, loadLinks, spread } from './vault-links.ts'

export type PatientTrust = ReturnType<typeof patientTrust>

/** Which keys this vault believes are a patient's, why, and what is sealed to them therefore. */
export function patientTrust(context: VaultContext) {
  const { storage, patientKeys } = context
  /** Of whom storage has the first key: a list that is drawn again asks it nothing. */
  const stored = new Set<string>()

  /** Keys this vault believes are the patient's: remembered from records, or vouched for. */
  async function believed(clinicId: string, patientId: string): Promise<TrustedPatientKey[]> {
    const name = nameOf(clinicId, patientId)
    let keys = patientKeys.get(name)
    if (!keys) {
      const first = await storage.get<RawKeys>(`first-use:${name}`)
      keys = patientKeys.get(name) ?? (first ? [{ keys: first, trust: 'first-use' }] : [])
      patientKeys.set(name, keys)
    }
    return keys
  }

  /**
   * The first key that signs for a patient is remembered. Where one is known, by first use or by a member's word, no other
   * is taken on first use any more: a later one is believed only once it is vouched for.
   */
  function trustPatient(
    clinicId: string,
    patientId: string,
    keys: RawKeys,
    managing: Group,
  ): TrustedPatientKey['trust'] | null {
    const known = patientKeys.get(nameOf(clinicId, patientId)) ?? []
    const same = known.find((each) => sameKeys(each.keys, keys))
    if (same?.trust === 'vouched') return same.trust
    // A site's practitioner said so: true of what that site manages. The desk says nothing of whose words are whose.
    const told = partly(nameOf(clinicId, patientId), keys.dh).filter((each) => each.by === 'clinical')
    if (told.some((each) => sameKeys(each.keys, keys) && (each.left || isOf(each.groups, managing)))) return 'vouched'
    if (same) return same.trust
    // Who helps is believed because of who let them in, and is never the first device of the patient.
    const helper = helperOf(context, nameOf(clinicId, patientId), keys.sign, (root) => {
      return known.find((each) => sameKeys(each.keys, root))?.trust ?? null
    })
    if (helper) return helper.trust === 'own' ? null : helper.trust
    // The defence of attack 7 against a mailbox's thief: what they sign beside a known key is not the patient's.
    if (known.length > 0) return null
    // Nothing could be sealed to it, so that a chart with it could not be written in.
    if (isSmallOrder(keys.dh)) return null
    known.push({ keys, trust: 'first-use' })
    spread(known, linksOf(context, clinicId, patientId))
    patientKeys.set(nameOf(clinicId, patientId), known)
    return 'first-use'
  }

  function believe(known: TrustedPatientKey[], keys: RawKeys) {
    const held = known.find((each) => sameKeys(each.keys, keys))
    if (held?.trust === 'vouched' && !held.root) return
    if (held) Object.assign(held, { trust: 'vouched', root: undefined })
    else known.push({ keys, trust: 'vouched' })
    // What was opened says of its author how far they were trusted then.
    context.cache.drop()
  }

  /** A key of first use reads only while nobody vouched for another: a mailbox's thief who signs beside it gets nothing. */
  const mayRead = (known: TrustedPatientKey[], dh: string) =>
    known.some(
      (each) =>
        toB64(each.keys.dh) === dh && (each.trust === 'vouched' || !known.some((other) => other.trust === 'vouched')),
    )

  /** Whom the desk, or who sees a part of the clinic, recognised: reads what these manage, until a word counts for the rest. */
  const partly = (name: string, dh: Bytes | string): PartVouch[] =>
    (context.partVouches.get(name) ?? []).filter(
      (each) => toB64(each.keys.dh) === (typeof dh === 'string' ? dh : toB64(dh)),
    )
  const mayReadPartly = (name: string, dh: Bytes | string, managing: Group): boolean =>
    partly(name, dh).some(({ groups, left }) => !left && isOf(groups, managing))

  function believePartly(name: string, { keys, reason, by, groups, left }: PartVouch) {
    const others = (context.partVouches.get(name) ?? []).filter((each) => !sameKeys(each.keys, keys))
    context.partVouches.set(name, [...others, { keys, reason, by, groups, left }])
    // What was opened says of its author how far they were trusted then.
    if (by === 'clinical') context.cache.drop()
  }

  /** As whom this browser reads: nobody, on a patient's device. */
  const readsAs = (): readonly Group[] => {
    const { unlocked } = context
    const members = unlocked ? currentMembers(requireChain(context, unlocked.clinicId).chain) : []
    return members.find(({ memberId }) => memberId === unlocked?.memberId)?.groups ?? []
  }
  const isMine = ({ by, signer }: CheckedVouch) =>
    by === 'clinical' && context.unlocked !== null && equal(context.unlocked.keys.public.sign, signer)

  async function rememberFirstUse(clinicId: string, patientId: string) {
    const name = nameOf(clinicId, patientId)
    const first = patientKeys.get(name)?.find((each) => each.trust === 'first-use' && !each.root)
    if (!first || stored.has(name)) return
    if (!(await storage.get(`first-use:${name}`))) await storage.put(`first-use:${name}`, first.keys)
    stored.add(name)
  }

  const loadPatientKeys: Vault['loadPatientKeys'] = async ({ clinicId, patientId, keys }) => {
    const { chain } = requireChain(context, clinicId)
    const known = await believed(clinicId, patientId)
    await loadLinks(
      context,
      { clinicId, patientId },
      keys.map(({ link }) => link),
    )
    const views = await Promise.all(
      keys.map(async ({ keys: claimed, vouch }) => {
        const raw = rawKeys(claimed)
        const vouched = vouch ? await checkPatientVouch(chain, patientId, fromB64(vouch)).catch(refused) : null
        if (!vouched || !sameKeys(vouched.keys, raw)) return { keys: claimed, raw }
        const { first } = vouched
        // The defence of attack 7 against a vouch of who sees a part of the clinic: it is believed for that part. And of who has
        // left, who may say so under a head of the time before: of whose words are whose, and for nothing that is sealed from now on.
        if (vouched.left || (!isMine(vouched) && !countsWholly(vouched, readsAs()))) {
          believePartly(nameOf(clinicId, patientId), { ...vouched, keys: raw })
          return { keys: claimed, raw }
        }
        if (first && !known.some((each) => sameKeys(each.keys, first))) known.push({ keys: first, trust: 'first-use' })
        believe(known, raw)
        return { keys: claimed, raw }
      }),
    )
    if (spread(known, linksOf(context, clinicId, patientId))) context.cache.drop()
    return views.map(({ keys: claimed, raw }) => {
      const held = known.find((each) => sameKeys(each.keys, raw))
      const isOver = hasStepsBack(context, nameOf(clinicId, patientId), claimed.dh)
      const trust = held && mayRead(known, claimed.dh) && !isOver ? held.trust : ('none' as const)
      return {
        keys: claimed,
        trust,
        met: held !== undefined,
        atDesk:
          partly(nameOf(clinicId, patientId), claimed.dh).find(({ by, left }) => by === 'desk' && !left)?.reason ??
          null,
        root: held ? toB64((held.root ?? held.keys).sign) : null,
      }
    })
  }

  const vouchPatient: Vault['vouchPatient'] = async ({ clinicId, patientId, keys, reason }) => {
    const { unlocked, loaded, member } = requireMember(context)
    const by = vouchesAs(member.groups)
    if (unlocked.clinicId !== clinicId || !by) throw new VaultError('NOT_VOUCHED')
    const signer = { key: unlocked.keys.sign.privateKey, public: unlocked.keys.public.sign }
    const raw = rawKeys(keys)
    const known = await believed(clinicId, patientId)
    const met = known.find((each) => each.trust === 'first-use' && !sameKeys(each.keys, raw))?.keys ?? null
    const first = by === 'clinical' ? met : null
    const vouch = await vouchForPatient(loaded.chain, { clinicId, patientId, keys: raw, first, reason }, signer)
    if (by === 'desk') {
      believePartly(nameOf(clinicId, patientId), { keys: raw, reason, by, groups: member.groups, left: false })
      return { vouch: toB64(vouch), by }
    }
    // Their own word is this browser's own: it hands on what its member manages, whatever others do.
    believe(known, raw)
    spread(known, linksOf(context, clinicId, patientId))
    return { vouch: toB64(vouch), by }
  }

  return { believed, trustPatient, mayRead, partly, mayReadPartly, rememberFirstUse, loadPatientKeys, vouchPatient }
}

/** As patients are named where more than one clinic's are kept. */
export const nameOf = (clinicId: string, patientId: string) => `${clinicId}/${patientId}`

/** Null for a refusal; anything else that went wrong goes on. */
export function refused(error: unknown): null {
  if (refusalCode(error)) return null
  throw error
}
