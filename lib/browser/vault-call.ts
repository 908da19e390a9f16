import { equal, fromB64, random, sha256, toB64, utf8 } from '../crypto/bytes.ts'
import { currentMembers } from '../crypto/chain.ts'
import { verify, sign } from '../crypto/sign.ts'
import { type Knock, purposes, signedFields } from '../call/messages.ts'
import type { PublicKeys } from '../crypto/types.ts'
import { requireDevice } from './device-keys.ts'
import type { CallVault } from './vault-call-api.ts'
import { Handshake, type KeySink, type Tries } from './vault-handshake.ts'
import { publicKeys, rawKeys, requireChain, requireMember, type VaultContext } from './vault-context.ts'
import { VaultError } from './vault-error.ts'
import type { Vault } from './vault-api.ts'

/** The calls of one vault: one handshake for each, and the port its keys leave by. */
export function calls(
  context: VaultContext,
  { loadPatientKeys, vouchPatient }: Pick<Vault, 'loadPatientKeys' | 'vouchPatient'>,
): CallVault {
  const open = new Map<string, Handshake>()
  const patients = new Map<string, { clinicId: string; patientId: string }>()
  const sinks = new Map<string, KeySink>()
  /** Outlives a call that was left: whoever comes back has not tried less. */
  const tries = new Map<string, Tries>()
  const triesOf = (callId: string): Tries => {
    const counted = tries.get(callId) ?? { begun: 0, finished: 0 }
    tries.set(callId, counted)
    return counted
  }
  const sinkOf = (callId: string): KeySink => {
    const known = sinks.get(callId)
    if (known) return known
    const fresh: KeySink = { port: null, last: null }
    sinks.set(callId, fresh)
    return fresh
  }
  const requireCall = (callId: string): Handshake => {
    const handshake = open.get(callId)
    if (!handshake) throw new VaultError('NO_KEY', 'no such call in this vault')
    return handshake
  }

  /** Whom the clinic's chain, as this browser verified it, calls a practitioner. Throws NOT_VOUCHED. */
  const requirePractitioner = (clinicId: string, keys: PublicKeys, head: string): string => {
    const { chain } = requireChain(context, clinicId)
    if (!chain.hashes.includes(head)) throw new VaultError('CHAIN_SHORTER', 'cites a head that this chain lacks')
    const raw = rawKeys(keys)
    const member = currentMembers(chain).find(
      (each) => equal(each.keys.sign, raw.sign) && equal(each.keys.dh, raw.dh) && each.roles.includes('practitioner'),
    )
    // The defence of attack 6 against a false practitioner: whatever the server says, the chain does not name this key.
    if (!member) throw new VaultError('NOT_VOUCHED', 'not a practitioner of this clinic')
    return member.memberId
  }

  // A locked account signs nothing more in a call either, and what it sends is over.
  context.onLock.push(() => {
    for (const [callId, handshake] of open) {
      if (handshake.role !== 'practitioner') continue
      handshake.end()
      open.delete(callId)
      patients.delete(callId)
    }
  })

  return {
    async callKnock({ patientId, callId, ticket, nonce }) {
      const device = await requireDevice(context, patientId)
      const unsigned = {
        ticketHash: toB64(await sha256(utf8(ticket))),
        nonce,
        origin: ownOrigin(),
        keys: publicKeys(device.keys.public),
      }
      const signature = await sign(device.keys.sign.privateKey, purposes.knock, signedFields.knock(callId, unsigned))
      const knock = { ...unsigned, signature: toB64(signature) }
      const before = open.get(callId)
      open.set(
        callId,
        new Handshake({
          role: 'patient',
          callId,
          keys: device.keys,
          knock,
          sink: sinkOf(callId),
          tries: triesOf(callId),
          above: before?.view.epoch ?? 0,
          requirePractitioner: (keys, head) => requirePractitioner(device.clinicId, keys, head),
        }),
      )
      return knock
    },

    async callWho({ clinicId, callId, patientId, knock }) {
      requireMember(context)
      await checkKnock(callId, knock)
      const [view] = await loadPatientKeys({ clinicId, patientId, keys: [{ keys: knock.keys }] })
      return { trust: view?.trust ?? 'none' }
    },

    async callAdmit({ clinicId, callId, patientId, knock, above }) {
      const { unlocked, loaded } = requireMember(context)
      if (unlocked.clinicId !== clinicId) throw new VaultError('LOCKED')
      await checkKnock(callId, knock)
      const before = open.get(callId)
      const handshake = new Handshake({
        role: 'practitioner',
        callId,
        keys: unlocked.keys,
        knock,
        sink: sinkOf(callId),
        tries: triesOf(callId),
        above: Math.max(above, before?.view.epoch ?? 0),
        requirePractitioner: () => unlocked.memberId,
      })
      open.set(callId, handshake)
      patients.set(callId, { clinicId, patientId })
      return handshake.admit(toB64(loaded.chain.head), toB64(random(16)))
    },

    async callTake({ callId, message }) {
      return requireCall(callId).take(message)
    },

    async callAlone({ callId, above }) {
      return requireCall(callId).alone(above)
    },

    async callMatches({ callId, safetyCode: compared, name }) {
      const handshake = requireCall(callId)
      const patient = patients.get(callId)
      const { peer, safetyCode } = handshake.view
      // Only keys whose code was on the screen: a vouch before there was anything to compare says nothing.
      if (!patient || !peer || !safetyCode) throw new VaultError('NO_KEY', 'no code to compare yet')
      // Nor when it was another device's: one may come and another go between reading and pressing.
      if (safetyCode !== compared) throw new VaultError('STALE', 'another code than the one compared')
      // Who was recognised is who was named: a chart that shows nobody is nobody's to vouch for.
      if (!name || !context.names.get(`${patient.clinicId}/${patient.patientId}`)?.has(name)) {
        throw new VaultError('NOT_VOUCHED', 'no name of this patient was shown')
      }
      const { vouch } = await vouchPatient({ ...patient, keys: peer.keys, reason: 'call' })
      return { vouch, keys: peer.keys }
    },

    async callFrames({ callId }, port) {
      const sink = sinkOf(callId)
      sink.port?.close()
      sink.port = port
      if (sink.last) port.postMessage(sink.last)
    },

    async callForget({ callId }) {
      open.delete(callId)
      patients.delete(callId)
      sinks.get(callId)?.port?.close()
      sinks.delete(callId)
    },
  }
}

/** Throws BAD_SIGNATURE unless the device key signed this knock for this call and this site. */
async function checkKnock(callId: string, knock: Knock): Promise<void> {
  // The defence of attack 4 in the practitioner's browser: a proof made for another site or room is none here.
  if (knock.origin !== ownOrigin()) throw new VaultError('BAD_SIGNATURE', 'a proof for another origin')
  await verify(
    fromB64(knock.keys.sign, 32),
    purposes.knock,
    signedFields.knock(callId, knock),
    fromB64(knock.signature, 64),
  )
}

/** Node has none; there a test's vault says so for itself. */
const ownOrigin = (): string => globalThis.location?.origin ?? 'http://localhost'
