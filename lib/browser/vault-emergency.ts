import { type Bytes, equal, fromB64, toB64 } from '../crypto/bytes.ts'
import {
  areEnough,
  checkEmergencyKey,
  combineShares,
  type EmergencyKey,
  escrowOf,
  makeEmergencyKey,
  officersOf,
  openOwnShare,
} from '../crypto/emergency.ts'
import {
  addReaders,
  answerRequest,
  type CheckedRequest,
  checkRequest,
  openAnswer,
  openReason,
  requestCode,
  sealReason,
  signRequest,
} from '../crypto/emergency-request.ts'
import { rawPublic } from '../crypto/keys.ts'
import { countsWholly } from '../crypto/patient-vouch.ts'
import { hasKind } from '../crypto/policy.ts'
import type { B64 } from '../crypto/types.ts'
import { areTwo } from '../crypto/voices.ts'
import { requireDevice } from './device-keys.ts'
import type { OpenResult, Vault } from './vault-api.ts'
import { requireChain, requireMember, type VaultContext } from './vault-context.ts'
import type { EmergencyVault } from './vault-emergency-api.ts'
import { refusalCode, VaultError } from './vault-error.ts'

export function emergencies(context: VaultContext, { open }: Pick<Vault, 'open'>): EmergencyVault {
  const { storage } = context
  const whose = (clinicId: string, patientId: string) => `${clinicId}/${patientId}`
  const oneTimeAt = (requestId: string) => `emergency:${requestId}`

  /** The unlocked member in this clinic, and as a signer. */
  function me(clinicId: string) {
    const { unlocked, loaded, member } = requireMember(context)
    if (unlocked.clinicId !== clinicId) throw new VaultError('LOCKED')
    const { keys } = unlocked
    return {
      member,
      chain: loaded.chain,
      own: { memberId: member.memberId, pair: keys.dh, public: keys.public.dh },
      signer: { memberId: member.memberId, key: keys.sign.privateKey, public: keys.public.sign },
    }
  }

  function officer(clinicId: string) {
    const mine = me(clinicId)
    if (!mine.member.roles.includes('admin')) throw new VaultError('NOT_VOUCHED', 'officers only')
    return mine
  }

  /**
   * A key that still holds, and is none that this browser has seen a later one of; or the one that an officer asked for, whoever
   * made a later one since.
   */
  async function currentKey(
    clinicId: string,
    patientId: string,
    statement: B64,
    asked?: CheckedRequest,
  ): Promise<EmergencyKey> {
    const { chain } = requireChain(context, clinicId)
    const key = await checkEmergencyKey(chain, patientId, fromB64(statement))
    const seenAt = `emergency-epoch:${whose(clinicId, patientId)}`
    const seen = (await storage.get<number>(seenAt)) ?? 0
    if (key.epoch > seen) await storage.put(seenAt, key.epoch)
    // An earlier key shown again: its secret may have been put together already.
    const isAsked = asked?.epoch === key.epoch && equal(asked.key, key.public)
    return key.epoch < seen && !isAsked ? { ...key, current: false } : key
  }

  /** Keys of the patient's devices that this browser believes, as `seal` does. */
  function patientReaders(clinicId: string, patientId: string): Bytes[] {
    const known = context.patientKeys.get(whose(clinicId, patientId)) ?? []
    const vouched = known.filter((each) => each.trust === 'vouched')
    return (vouched.length ? vouched : known).map((each) => each.keys.dh)
  }

  context.onLock.push(() => context.emergency.clear())

  return {
    async loadEmergencyKey({ clinicId, patientId, statement }) {
      const { chain, member } = me(clinicId)
      const name = whose(clinicId, patientId)
      context.emergency.delete(name)
      const officers = officersOf(chain)
      const few = !areEnough(officers)
      const view = { epoch: 0, officers: officers.map((each) => each.memberId) }
      if (!statement) return { ...view, state: few ? 'few' : 'none' }
      const key = await currentKey(clinicId, patientId, statement).catch(refused)
      // The defence of attack 22 against who sees a part of the clinic: a key that they dealt, whose secret they may have kept, is
      // granted what they see anyway. Whoever sees more makes another.
      const isWhole = key && countsWholly({ by: 'clinical', groups: key.makerGroups }, member.groups)
      if (!key?.current || !isWhole) return { ...view, epoch: key?.epoch ?? 0, state: few ? 'few' : 'stale' }
      context.emergency.set(name, escrowOf(key))
      return { ...view, epoch: key.epoch, state: 'valid' }
    },

    async makeEmergencyKey({ clinicId, patientId, epoch }) {
      const { chain, member, signer } = me(clinicId)
      if (!hasKind(member.groups, 'clinical')) throw new VaultError('NOT_VOUCHED', 'clinical members make it')
      const { statement, shares } = await makeEmergencyKey(chain, { patientId, epoch }, signer)
      const key = await checkEmergencyKey(chain, patientId, statement)
      return { statement: toB64(statement), publicKey: toB64(key.public), shares }
    },

    async askEmergency({ clinicId, patientId, recordId, statement, reason }) {
      const { chain, signer } = officer(clinicId)
      const key = await currentKey(clinicId, patientId, statement)
      if (!key.current) throw new VaultError('STALE', 'the emergency key is out of date')
      const pair = (await crypto.subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair
      const requestId = crypto.randomUUID()
      const place = { clinicId, patientId, requestId }
      const patient = patientReaders(clinicId, patientId)
      const readers = [...officersOf(chain).map((each) => each.key), ...patient]
      const sealed = await sealReason(place, reason, readers)
      const { epoch, public: raw } = key
      const asked = { ...place, epoch, key: raw, recordId, oneTime: await rawPublic(pair), reason: sealed.hash }
      const request = await signRequest(asked, signer)
      await storage.put(oneTimeAt(requestId), pair)
      return {
        ...{ id: requestId, request: toB64(request), reason: toB64(sealed.reason) },
        told: patient.length > 0,
      }
    },

    async readEmergency({ clinicId, request, reason, asPatient }) {
      const device = asPatient ? await requireDevice(context, asPatient) : null
      const { chain } = requireChain(context, clinicId)
      const checked = await checkRequest(chain, fromB64(request), Boolean(device))
      const { patientId, recordId, epoch } = checked
      // The defence of attack 8 for a patient: whose records were opened, the page knows.
      if (device && (device.clinicId !== clinicId || device.patientId !== patientId))
        throw new VaultError('BAD_ENVELOPE', 'another patient’s')
      const own = device ? { pair: device.keys.dh, public: device.keys.public.dh } : me(clinicId).own
      const text = await openReason(checked, fromB64(reason), own).catch(refused)
      const askedBy = checked.officer.memberId
      return {
        ...{ id: checked.requestId, patientId, recordId, epoch, askedBy },
        ...{ code: requestCode(checked.hash), reason: text },
      }
    },

    async answerEmergency({ clinicId, request, statement, share }) {
      const { chain, member, own, signer } = officer(clinicId)
      const checked = await checkRequest(chain, fromB64(request))
      // What they could seal is the asking one's own share: nobody is asked in vain.
      if (!areTwo(checked.officer, member)) throw new VaultError('NOT_VOUCHED', 'one person, by the chain')
      const key = await currentKey(clinicId, checked.patientId, statement, checked)
      const mine = await openOwnShare(key, share, own)
      const answer = await answerRequest(checked, key, mine, signer)
      mine.fill(0)
      return { answer: toB64(answer) }
    },

    async openEmergency({ clinicId, request, statement, share, answer, reason, records }) {
      const { chain, own } = officer(clinicId)
      const checked = await checkRequest(chain, fromB64(request))
      const { patientId, recordId, requestId } = checked
      const oneTime = await storage.get<CryptoKeyPair>(oneTimeAt(requestId))
      if (!oneTime) throw new VaultError('NO_KEY', 'asked in another browser')
      const key = await currentKey(clinicId, patientId, statement, checked)
      const first = await openOwnShare(key, share, own)
      const second = await openAnswer(chain, checked, key, oneTime, fromB64(answer))
      const pair = await combineShares(key, [first, second.share])
      first.fill(0)
      second.share.fill(0)
      const asked = (record: (typeof records)[number]) => !recordId || record.meta.recordId === recordId
      context.opening = { recipient: escrowOf(key), pair }
      try {
        const opened = await open(records.filter(asked), { patientId })
        const results = records.map(
          ({ meta }): OpenResult =>
            opened.find((each) => idOf(each) === meta.recordId) ?? {
              ok: false,
              recordId: meta.recordId,
              code: 'NOT_FOR_YOU',
            },
        )
        const readers = patientReaders(clinicId, patientId)
        const more = await addReaders(checked, fromB64(reason), own, readers).catch(refused)
        return { results, answeredBy: second.officer.memberId, reason: more && toB64(more) }
      } finally {
        context.opening = null
      }
    },

    endEmergency: ({ requestId }) => storage.remove(oneTimeAt(requestId)),
  }
}

const idOf = (result: OpenResult) => (result.ok ? result.value.recordId : result.recordId)

function refused(error: unknown): null {
  if (refusalCode(error)) return null
  throw error
}
