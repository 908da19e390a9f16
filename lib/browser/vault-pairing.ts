import { equal, fromB64, toB64 } from '../crypto/bytes.ts'
import { type Cbor, read } from '../crypto/cbor.ts'
import { generateDeviceKeys, type Keys } from '../crypto/keys.ts'
import {
  checkPairReveal,
  commitToPair,
  newPairSecret,
  newReveal,
  openChannel,
  openMessage,
  openFromOther,
  pairCode,
  type PairChannel,
  type PairReveal,
  type PairRole,
  pairTranscript,
  type PairTranscript,
  readReveal,
  revealFields,
  sealMessage,
  sealToOther,
} from '../crypto/pairing.ts'
import { type Care, checkCareHalf, encodeCare, readTerms, signCare, termFields } from '../crypto/care.ts'
import { checkHalf, encodeLink, type PatientLink, signLink } from '../crypto/patient-link.ts'
import type { B64 } from '../crypto/types.ts'
import { findDevice, handleOf, keepDevice, requireDevice } from './device-keys.ts'
import {
  type BoundAppointment,
  type PatientDevice,
  publicKeys,
  requireChain,
  type VaultContext,
} from './vault-context.ts'
import { VaultError } from './vault-error.ts'
import { serverEnd } from '../care/rules.ts'
import { addCare, onlyHelps } from './vault-care.ts'
import { addLink } from './vault-links.ts'
import type { PairingVault } from './vault-pairing-api.ts'

interface Pairing {
  channel: PairChannel
  keys: Keys
  mine: PairReveal
  /** Of whoever showed the code; known to the other side from the first message on. */
  commitment: Uint8Array<ArrayBuffer>
  /** What the other side revealed, and both sides' words together. */
  heard: { theirs: PairReveal; transcript: PairTranscript } | null
  patientId: string | null
  link: PatientLink | null
  care: Care | null
  /** The first device's signature of the link, or of the terms: nobody but these two knows it until it is filed. */
  half: Uint8Array<ArrayBuffer> | null
  /** On the new device: what is this patient's here once the other side said that all is handed over, and the keys open a session. */
  taken: {
    device: PatientDevice
    rootFingerprint: B64
    appointments: [string, B64][]
    /** What both signed of the help, where this device is not the patient's own. */
    statement: B64 | null
    usable: boolean
  } | null
}

type PairPart = Omit<PairingVault, 'loadOwnKeys' | 'handOn'>

/** Both ends of a pairing, where the keys are: a page passes messages on and says what a person pressed. */
export function pairing(context: VaultContext): PairPart {
  const open = new Map<string, Pairing>()

  async function begin(secret: B64, role: PairRole, patientId?: string) {
    const channel = await openChannel(fromB64(secret))
    if (open.has(channel.relay)) throw new VaultError('BAD_INVITATION', 'this code was used here already')
    const keys = role === 'own' ? (await requireDevice(context, patientId ?? '')).keys : await generateDeviceKeys()
    const base = { channel, keys, mine: newReveal(role, keys.public), patientId: patientId ?? null }
    return { ...base, heard: null, link: null, care: null, half: null, taken: null }
  }
  function at(relay: string): Pairing {
    const found = open.get(relay)
    if (!found) throw new VaultError('BAD_INVITATION', 'no such pairing')
    return found
  }
  /** Whatever is refused ends it: a relay gets no second try at the same secret. */
  async function step<T>(relay: string, role: PairRole | null, body: (pairing: Pairing) => Promise<T>): Promise<T> {
    const found = at(relay)
    if (role && found.mine.role !== role) throw new VaultError('BAD_INVITATION', 'not this side’s to say')
    try {
      return await body(found)
    } catch (error) {
      letGo(relay)
      throw error
    }
  }
  /** Keys that were held aside, and did not come to be the patient's, go. */
  function letGo(relay: string) {
    const taken = open.get(relay)?.taken
    open.delete(relay)
    if (taken && context.devices.get(taken.device.patientId) === taken.device)
      context.devices.delete(taken.device.patientId)
  }
  /** Answers the code that this side shows from now on. */
  async function hear(pairing: Pairing, theirs: PairReveal): Promise<string> {
    const { channel, commitment, mine } = pairing
    const transcript = await pairTranscript(channel.relay, commitment, [mine, theirs])
    pairing.heard = { theirs, transcript }
    return pairCode(transcript)
  }
  /** The defence against a stranger's code that names this patient: the only keys of theirs may be those here. */
  async function refuseHeld(patientId: string) {
    if (await findDevice(context, patientId))
      throw new VaultError('HELD_ALREADY', 'this browser holds keys of this patient')
  }
  const shown = ({ heard }: Pairing) => {
    if (!heard) throw new VaultError('BAD_INVITATION', 'no code was compared yet')
    return heard
  }
  /** After the codes: for the other side alone, whoever else knows the secret. */
  async function tell(pairing: Pairing, seq: number, fields: readonly Cbor[]): Promise<B64> {
    const { theirs, transcript } = shown(pairing)
    return toB64(await sealToOther(pairing.channel, transcript, { seq, to: theirs.keys.dh }, fields))
  }
  function told(pairing: Pairing, seq: number, body: B64, length: number): Promise<unknown[]> {
    const { channel, keys } = pairing
    const { transcript } = shown(pairing)
    return openFromOther(channel, transcript, { seq, bytes: fromB64(body), keys: keys.dh }, length)
  }

  return {
    newPairSecret: async () => toB64(newPairSecret()),
    pairRelay: async (secret) => (await openChannel(fromB64(secret))).relay,

    async pairShow({ secret, role, patientId }) {
      const begun = await begin(secret, role, patientId)
      const { relay } = begun.channel
      const commitment = await commitToPair(relay, begun.mine)
      open.set(relay, { ...begun, commitment })
      return { relay, body: toB64(await sealMessage(begun.channel, 1, [commitment])) }
    },

    async pairRead({ secret, role, patientId, body }) {
      const begun = await begin(secret, role, patientId)
      const [commitment] = await openMessage(begun.channel, 1, fromB64(body), 1)
      open.set(begun.channel.relay, { ...begun, commitment: read.bytes(commitment, 32, 'commitment') })
      return { body: toB64(await sealMessage(begun.channel, 2, revealFields(begun.mine))) }
    },

    pairReveal: ({ relay, body }) =>
      step(relay, null, async (mine) => {
        // Once: a second answer to the same code would be a second guess at it.
        if (mine.heard) throw new VaultError('BAD_INVITATION', 'answered already')
        const code = await hear(mine, readReveal(await openMessage(mine.channel, 2, fromB64(body), 4), mine.mine))
        return { body: toB64(await sealMessage(mine.channel, 3, revealFields(mine.mine))), code }
      }),

    pairSee: ({ relay, body }) =>
      step(relay, null, async (mine) => {
        if (mine.heard) throw new VaultError('BAD_INVITATION', 'answered already')
        const theirs = readReveal(await openMessage(mine.channel, 3, fromB64(body), 4), mine.mine)
        // The defence of attack 18 against somebody in between who read the secret: keys first, then answers.
        await checkPairReveal(relay, mine.commitment, theirs)
        return { code: await hear(mine, theirs) }
      }),

    pairVouch: ({ relay, care: given }) =>
      step(relay, 'own', async (mine) => {
        const device = await requireDevice(context, mine.patientId!)
        const { clinicId, patientId, keys } = device
        const between = { clinicId, patientId, from: keys.public, to: shown(mine).theirs.keys }
        // The page does not offer it; a page that was tampered with gets no further.
        if (device.helps?.role === 'carer' || onlyHelps(context, device))
          throw new VaultError('NOT_VOUCHED', 'who helps lets nobody in')
        const terms = given && { ...given, careId: crypto.randomUUID(), since: new Date().toISOString() }
        // The other side signs the same, so terms that nobody could read would be found out too late there.
        if (terms) mine.care = { ...between, terms: readTerms(termFields(terms)) }
        else mine.link = between
        const half = mine.care
          ? await signCare(mine.care, keys.sign.privateKey)
          : await signLink(between, keys.sign.privateKey)
        mine.half = half
        const { chain } = requireChain(context, clinicId)
        const bound = await boundTo(context, patientId)
        const fields = [clinicId, patientId, chain.rootFingerprint, half, bound, terms ? termFields(terms) : null]
        return { body: await tell(mine, 4, fields) }
      }),

    pairAccept: ({ relay, body, name }) =>
      step(relay, 'new', async (mine) => {
        const from = shown(mine).theirs.keys
        const [clinic, patient, root, half, bound, terms] = await told(mine, 4, body, 6)
        const [clinicId, patientId] = [read.id(clinic, 'clinic'), read.id(patient, 'patient')]
        const link = { clinicId, patientId, from, to: mine.keys.public }
        const care = terms === null ? null : { ...link, terms: readTerms(read.array(terms, 'terms')) }
        const theirs = read.bytes(half, 64, 'signature')
        if (care) await checkCareHalf(care, from.sign, theirs)
        else await checkHalf(link, from.sign, theirs)
        mine.half = theirs
        await refuseHeld(patientId)
        const device: PatientDevice = {
          ...{ clinicId, patientId, keys: mine.keys, keyId: crypto.randomUUID(), home: 'memory' },
          ...(care && { helps: { from, role: care.terms.role } }),
        }
        const key = mine.keys.sign.privateKey
        const own = care ? await signCare(care, key) : await signLink(link, key)
        if (care) mine.care = care
        mine.taken = {
          ...{ device, rootFingerprint: toB64(read.bytes(root, 32, 'root fingerprint')), usable: false },
          ...{ appointments: readBound(bound), statement: care && toB64(encodeCare(care, { from: theirs, to: own })) },
        }
        return { body: await tell(mine, 5, [device.keyId, own, name.slice(0, 60)]) }
      }),

    pairFinish: ({ relay, body }) =>
      step(relay, 'own', async (mine) => {
        const { link, care } = mine
        const between = link ?? care
        if (!between) throw new VaultError('BAD_INVITATION', 'nobody compared the codes')
        const [keyId, half, name] = await told(mine, 5, body, 3)
        const theirs = read.bytes(half, 64, 'signature')
        const key = mine.keys.sign.privateKey
        const filed = {
          keyId: read.id(keyId, 'key id'),
          keys: publicKeys(between.to),
          name: read.text(name, 'name').slice(0, 60),
        }
        if (care) {
          await checkCareHalf(care, care.to.sign, theirs)
          const statement = toB64(encodeCare(care, { from: await signCare(care, key), to: theirs }))
          await addCare(context, care, statement)
          const { careId, role, end } = care.terms
          return { ...filed, link: null, care: { careId, role, until: serverEnd(end), statement } }
        }
        await checkHalf(between, between.to.sign, theirs)
        const own = await signLink(between, key)
        addLink(context, between)
        return { ...filed, link: toB64(encodeLink(between, { from: own, to: theirs })), care: null }
      }),

    pairDone: ({ relay }) =>
      step(relay, 'own', async (mine) => {
        open.delete(relay)
        if (!mine.half) throw new VaultError('BAD_INVITATION', 'nobody compared the codes')
        return { body: await tell(mine, 6, [mine.half]) }
      }),

    pairEnd: ({ relay, body }) =>
      step(relay, 'new', async (mine) => {
        const [word] = await told(mine, 6, body, 1)
        if (!mine.half || !equal(read.bytes(word, 64, 'signature'), mine.half))
          throw new VaultError('BAD_ENVELOPE', 'not from the device that compared the codes')
        const { taken } = mine
        if (!taken) throw new VaultError('BAD_INVITATION', 'nothing was taken over')
        await refuseHeld(taken.device.patientId)
        taken.usable = true
        context.devices.set(taken.device.patientId, taken.device)
        return { patient: handleOf(taken.device), rootFingerprint: taken.rootFingerprint }
      }),

    pairKeep: ({ relay }) =>
      step(relay, 'new', async ({ taken, care }) => {
        if (!taken?.usable) throw new VaultError('BAD_INVITATION', 'not handed over yet')
        const { patientId } = taken.device
        const device = await keepDevice(context, taken.device)
        if (care && taken.statement) await addCare(context, care, taken.statement)
        for (const [appointmentId, linkSecret] of taken.appointments) {
          // A link that is here already is this device's own: nobody names another in its place.
          const here = context.appointments.has(appointmentId)
          if (here || (await context.storage.get(`appointment:${appointmentId}`))) continue
          const kept: BoundAppointment = { patientId, linkSecret }
          if (device.home === 'stored') await context.storage.put(`appointment:${appointmentId}`, kept)
          context.appointments.set(appointmentId, kept)
        }
        open.delete(relay)
        return { patient: device, appointments: taken.appointments.map(([id]) => id), terms: care?.terms ?? null }
      }),

    async pairDrop({ relay }) {
      letGo(relay)
    },
  }
}

/** The appointments that this device keeps a link of, for the further device to open them too. */
async function boundTo(context: VaultContext, patientId: string): Promise<[string, B64][]> {
  const found = new Map<string, BoundAppointment>()
  for (const key of await context.storage.keys('appointment:')) {
    const bound = await context.storage.get<BoundAppointment>(key)
    if (bound) found.set(key.slice('appointment:'.length), bound)
  }
  for (const [id, bound] of context.appointments) found.set(id, bound)
  const mine = [...found].filter(([, bound]) => bound.patientId === patientId)
  return mine.slice(-60).map(([id, { linkSecret }]) => [id, linkSecret])
}

const readBound = (value: unknown): [string, B64][] =>
  read.array(value, 'appointments').map((each) => {
    const [id, secret] = read.array(each, 'appointment')
    return [read.id(id, 'appointment'), read.id(secret, 'link secret')]
  })
