import { expect, test } from 'vitest'
import { fromB64, toB64 } from '../crypto/bytes.ts'
import {
  newReveal,
  openChannel,
  openMessage,
  type PairReveal,
  pairTranscript,
  revealFields,
  sealMessage,
  sealToOther,
} from '../crypto/pairing.ts'
import { newKeys } from '../crypto/testing.ts'
import type { Sealed } from '../crypto/types.ts'
import type { Vault } from './vault-api.ts'
import { createVault } from './vault-core.ts'
import { VaultError } from './vault-error.ts'
import { memoryStorage } from './vault-storage.ts'
import { clinic, codeOf, input, patientOf, type PatientDevice, sealAs } from './vault-world.ts'

const world = await clinic()
const doctor = world.owner.vault
const { clinicId } = world

/** A relay as the server keeps it, with a hand on it: what it makes of a message of this number. */
type Hand = (seq: number, body: string) => string | Promise<string>
const honest: Hand = (_, body) => body

/** The whole exchange, the person saying yes on both sides. `shows` is whose screen has the code. */
async function pair(own: PatientDevice, fresh: Vault, shows: 'own' | 'new' = 'own', hand: Hand = honest) {
  const secret = await fresh.newPairSecret()
  const { patientId } = own.handle
  const sides = { own: own.vault, new: fresh }
  const reads = shows === 'own' ? 'new' : 'own'
  const first = await sides[shows].pairShow({ secret, role: shows, patientId })
  const { relay } = first
  const second = await sides[reads].pairRead({ secret, role: reads, patientId, body: await hand(1, first.body) })
  const third = await sides[shows].pairReveal({ relay, body: await hand(2, second.body) })
  const seen = await sides[reads].pairSee({ relay, body: await hand(3, third.body) })
  const fourth = await own.vault.pairVouch({ relay })
  const fifth = await fresh.pairAccept({ relay, body: await hand(4, fourth.body), name: 'Firefox · Linux' })
  const filed = await own.vault.pairFinish({ relay, body: await hand(5, fifth.body) })
  const sixth = await own.vault.pairDone({ relay })
  const ended = await fresh.pairEnd({ relay, body: await hand(6, sixth.body) })
  const kept = await fresh.pairKeep({ relay })
  return { codes: [third.code, seen.code], filed, ended, kept, secret, relay }
}
const empty = () => createVault(memoryStorage())
const asDevice = (vault: Vault, kept: { patient: PatientDevice['handle'] }): PatientDevice => ({
  vault,
  handle: kept.patient,
})

async function patient() {
  const own = await patientOf(world)
  await own.vault.bindAppointment({ appointmentId: 'a1', patientId: own.handle.patientId, linkSecret: 'link-1' })
  const identity = await sealAs(own, 'identity', { name: 'Vera' })
  const reason = await sealAs(own, 'reason', { reason: 'a cough' })
  return { own, records: [identity, reason] }
}
/** The new device's chain and records, as its page loads them. */
async function reads({ vault, handle }: PatientDevice, records: Sealed[], link: string, of: PatientDevice) {
  const { patientId } = handle
  await vault.loadChain(world.chain, world.rootFingerprint)
  await vault.loadOwnKeys({
    patientId,
    keys: [
      { keys: of.handle.keys, link: null, removed: false },
      { keys: handle.keys, link, removed: false },
    ],
  })
  return vault.open(records, { asPatient: patientId, patientId })
}
const withGrants = (records: Sealed[], granted: { recordId: string; grant: Sealed['grants'][number] }[]) =>
  records.map((record) => ({
    ...record,
    grants: granted.filter(({ recordId }) => recordId === record.meta.recordId).map(({ grant }) => grant),
  }))

for (const shows of ['own', 'new'] as const) {
  test(`a second device, the code on the ${shows === 'own' ? 'first' : 'new'} one’s screen: same code, and it reads`, async () => {
    const { own, records } = await patient()
    const fresh = empty()
    const { codes, filed, ended, kept } = await pair(own, fresh, shows)
    expect(codes[0]).toMatch(/^\d{4} \d{4}$/)
    expect(codes[1]).toBe(codes[0])
    expect(filed).toMatchObject({ keyId: kept.patient.keyId, keys: kept.patient.keys, name: 'Firefox · Linux' })
    expect(ended.rootFingerprint).toBe(world.rootFingerprint)
    expect(await fresh.appointment('a1')).toEqual({ patient: kept.patient, linkSecret: 'link-1' })
    const { patientId } = own.handle
    const granted = await own.vault.handOn({ patientId, records, to: [filed.keys.dh] })
    expect(granted).toHaveLength(2)
    const opened = await reads(asDevice(fresh, kept), withGrants(records, granted), filed.link!, own)
    expect(opened.map((each) => each.ok && each.value.content)).toEqual([{ name: 'Vera' }, { reason: 'a cough' }])
    expect(opened.every((each) => each.ok && each.value.author.vouched)).toBe(true)
  })
}

// Defence: `isOwn` of grantedKey in record.ts asks the reader's own links.
test('attack 7: what a key that this device is not linked with hands on is refused', async () => {
  const { own, records } = await patient()
  const fresh = empty()
  const { filed, kept } = await pair(own, fresh)
  const granted = await own.vault.handOn({ patientId: own.handle.patientId, records, to: [filed.keys.dh] })
  // Signed by the first device, but of records that somebody else wrote: then the grant stands by the link alone.
  await doctor.open(records, { patientId: own.handle.patientId })
  const note = await doctor.seal(input(own.handle, 'note', { shared: true }))
  const [noteGrant] = await own.vault.handOn({ patientId: own.handle.patientId, records: [note], to: [filed.keys.dh] })
  const device = asDevice(fresh, kept)
  const theirs = withGrants([note], [noteGrant!])
  await fresh.loadChain(world.chain, world.rootFingerprint)
  const lone = await fresh.open(theirs, { asPatient: own.handle.patientId, patientId: own.handle.patientId })
  expect(lone).toMatchObject([{ ok: false, code: 'NOT_VOUCHED' }])
  expect(await reads(device, theirs, filed.link!, own)).toMatchObject([{ ok: true }])
  expect(granted.length).toBe(2)
})

// Defence: handOn's question of every recipient.
test('attack 7: a device hands its records to no key that only the server says is the patient’s', async () => {
  const { own, records } = await patient()
  const { patientId, keys } = own.handle
  const stranger = await patientOf(world, patientId)
  const other = await patient()
  const forged = await pair(other.own, empty())
  const listed = [
    { keys, link: null, removed: false },
    { keys: stranger.handle.keys, link: null, removed: false },
    { keys: forged.filed.keys, link: forged.filed.link, removed: false },
  ]
  expect(await own.vault.loadOwnKeys({ patientId, keys: listed })).toEqual({ keys: [] })
  for (const key of [stranger.handle.keys.dh, forged.filed.keys.dh])
    expect(await codeOf(own.vault.handOn({ patientId, records, to: [key] }))).toBe('NOT_VOUCHED')
})

test('attack 18: whatever message the relay alters, nothing comes of the pairing', async () => {
  for (let altered = 1; altered <= 6; altered++) {
    const { own } = await patient()
    const fresh = empty()
    let [secret, key] = ['', '']
    const spied: Vault = { ...fresh, newPairSecret: async () => (secret = await fresh.newPairSecret()) }
    const flip: Hand = async (seq, body) => {
      if (seq === 2) {
        const [, , dh] = await openMessage(await openChannel(fromB64(secret)), 2, fromB64(body), 4)
        key = toB64(dh as Uint8Array<ArrayBuffer>)
      }
      if (seq !== altered) return body
      const bytes = fromB64(body)
      bytes[bytes.length - 1]! ^= 1
      return toB64(bytes)
    }
    const { patientId } = own.handle
    expect(await codeOf(pair(own, spied, 'own', flip)), `message ${altered}`).toBe('BAD_ENVELOPE')
    expect(await fresh.patients()).toEqual([])
    expect(await fresh.appointment('a1')).toBeNull()
    // The last says only that all is handed over: by then both said yes.
    if (altered <= 5 && key)
      expect(await codeOf(own.vault.handOn({ patientId, records: [], to: [key] }))).toBe('NOT_VOUCHED')
  }
})

// Defence: the commitment, checked by pairSee; without it whoever read the secret chooses keys after seeing the other's.
test('attack 18: somebody in between who read the code is refused, or seen by the codes', async () => {
  const { own } = await patient()
  const fresh = empty()
  const evil = await newKeys()
  let secret = ''
  const inBetween = async (seq: number, body: string) => {
    if (seq !== 3) return body
    const swapped = newReveal('own', evil.public)
    return toB64(await sealMessage(await openChannel(fromB64(secret)), 3, revealFields(swapped)))
  }
  const spied: Vault = { ...fresh, newPairSecret: async () => (secret = await fresh.newPairSecret()) }
  expect(await codeOf(pair(own, spied, 'own', inBetween))).toBe('BAD_COMMITMENT')

  // Keys of one's own to each side from the start: two pairings, and two codes.
  const [toOwn, toNew] = [empty(), await patient()]
  const real = await patient()
  const showing = await fresh.newPairSecret()
  const first = await real.own.vault.pairShow({ secret: showing, role: 'own', patientId: real.own.handle.patientId })
  const second = await toOwn.pairRead({ secret: showing, role: 'new', body: first.body })
  const third = await real.own.vault.pairReveal({ relay: first.relay, body: second.body })
  const faked = await toNew.own.vault.pairShow({
    ...{ secret: showing, role: 'own' },
    patientId: toNew.own.handle.patientId,
  })
  const answered = await empty().pairRead({ secret: showing, role: 'new', body: faked.body })
  const shown = await toNew.own.vault.pairReveal({ relay: faked.relay, body: answered.body })
  expect(shown.code).not.toBe(third.code)
})

// Defence: sealToOther of the messages 4, 5 and 6.
test('attack 18: whoever photographed the code and only listens reads neither whose it is nor a link', async () => {
  const { own } = await patient()
  const { patientId } = own.handle
  const linkSecret = 'a-link-of-an-appointment'
  await own.vault.bindAppointment({ appointmentId: 'a2', patientId, linkSecret })
  const heard: [number, string][] = []
  const { secret } = await pair(own, empty(), 'own', (seq, body) => {
    heard.push([seq, body])
    return body
  })
  const channel = await openChannel(fromB64(secret))
  const later = heard.filter(([seq]) => seq >= 4)
  expect(later.map(([seq]) => seq)).toEqual([4, 5, 6])
  for (const [seq, body] of later) {
    const fields = await openMessage(channel, seq, fromB64(body), 2)
    const all = Buffer.concat(fields.map((each) => Buffer.from(each as Uint8Array)))
    for (const told of [clinicId, patientId, linkSecret, 'Firefox']) expect(all.includes(told)).toBe(false)
  }
})

// Defence: refuseHeld in pairAccept and pairEnd.
test('attack 18: a stranger’s code that names this patient leaves the patient’s own keys, links and clinic alone', async () => {
  const { own, records } = await patient()
  const { patientId } = own.handle
  // Both ids are in what an appointment's link is answered.
  const thief = await patientOf(world, patientId)
  await thief.vault.bindAppointment({ appointmentId: 'a1', patientId, linkSecret: 'the thief’s' })
  expect(await codeOf(pair(thief, own.vault))).toBe('HELD_ALREADY')
  expect(await own.vault.patients()).toEqual([own.handle])
  expect(await own.vault.appointment('a1')).toMatchObject({ linkSecret: 'link-1' })
  const opened = await own.vault.open(records, { asPatient: patientId, patientId })
  expect(opened.every((each) => each.ok)).toBe(true)
  // Nor while both ways are under way in two tabs of one browser.
  const [tab, fresh] = [await patient(), empty()]
  const secret = await fresh.newPairSecret()
  const one = await tab.own.vault.pairShow({ secret, role: 'own', patientId: tab.own.handle.patientId })
  const two = await fresh.pairRead({ secret, role: 'new', body: one.body })
  const three = await tab.own.vault.pairReveal({ relay: one.relay, body: two.body })
  await fresh.pairSee({ relay: one.relay, body: three.body })
  const four = await tab.own.vault.pairVouch({ relay: one.relay })
  const five = await fresh.pairAccept({ relay: one.relay, body: four.body, name: 'phone' })
  const booked = await fresh.createPatient({ clinicId, patientId: tab.own.handle.patientId, home: 'stored' })
  await tab.own.vault.pairFinish({ relay: one.relay, body: five.body })
  const six = await tab.own.vault.pairDone({ relay: one.relay })
  expect(await codeOf(fresh.pairEnd({ relay: one.relay, body: six.body }))).toBe('HELD_ALREADY')
  expect(await fresh.patients()).toEqual([booked])
})

// Defence: `taken`, which pairKeep alone makes the patient's; and the signature that message 6 repeats.
test('attack 18: keys that nobody handed records to are not kept, whoever says so', async () => {
  const { own } = await patient()
  const { patientId } = own.handle
  const fresh = empty()
  const secret = await fresh.newPairSecret()
  const one = await own.vault.pairShow({ secret, role: 'own', patientId })
  const { relay } = one
  const two = await fresh.pairRead({ secret, role: 'new', body: one.body })
  const three = await own.vault.pairReveal({ relay, body: two.body })
  await fresh.pairSee({ relay, body: three.body })
  const four = await own.vault.pairVouch({ relay })
  await fresh.pairAccept({ relay, body: four.body, name: 'phone' })
  expect(await fresh.patients()).toEqual([])
  // Who photographed the code knows both reveals, and seals as the other side would.
  const channel = await openChannel(fromB64(secret))
  const heard = async (seq: number, body: string) => {
    const [role, sign, dh, random] = await openMessage(channel, seq, fromB64(body), 4)
    return { role, keys: { sign, dh }, random } as PairReveal
  }
  const reveals = [await heard(2, two.body), await heard(3, three.body)]
  const [commitment] = await openMessage(channel, 1, fromB64(one.body), 1)
  const transcript = await pairTranscript(relay, commitment as Uint8Array<ArrayBuffer>, reveals)
  const to = reveals[0]!.keys.dh
  const forged = await sealToOther(channel, transcript, { seq: 6, to }, [new Uint8Array(64)])
  expect(await codeOf(fresh.pairEnd({ relay, body: toB64(forged) }))).toBe('BAD_ENVELOPE')
  expect(await codeOf(fresh.pairKeep({ relay }))).toBe('BAD_INVITATION')
  expect(await fresh.patients()).toEqual([])
})

// Keys that opened no session go with the pairing.
test('keys that are given up before they are kept are gone', async () => {
  const { own } = await patient()
  const fresh = empty()
  const noSession: Vault = { ...fresh, pairKeep: () => Promise.reject(new VaultError('NO_KEY')) }
  let relay = ''
  const drop: Vault = { ...noSession, pairEnd: (input) => fresh.pairEnd({ ...input, relay: (relay = input.relay) }) }
  expect(await codeOf(pair(own, drop))).toBe('NO_KEY')
  expect(await fresh.patients()).toHaveLength(1)
  await fresh.pairDrop({ relay })
  expect(await fresh.patients()).toEqual([])
})

test('attack 18: a code read twice, answered twice or said by the wrong side comes to nothing', async () => {
  const { own } = await patient()
  const { patientId } = own.handle
  const fresh = empty()
  const done = await pair(own, fresh)
  // Used: both sides have let go of it.
  expect(await codeOf(own.vault.pairVouch({ relay: done.relay }))).toBe('BAD_INVITATION')
  const secret = await fresh.newPairSecret()
  const { relay, body } = await own.vault.pairShow({ secret, role: 'own', patientId })
  expect(await codeOf(own.vault.pairShow({ secret, role: 'own', patientId }))).toBe('BAD_INVITATION')
  // Nothing was compared yet.
  expect(await codeOf(own.vault.pairVouch({ relay }))).toBe('BAD_INVITATION')
  const again = await own.vault.pairShow({ secret: await fresh.newPairSecret(), role: 'own', patientId })
  expect(again.relay).not.toBe(relay)
  expect(await codeOf(empty().pairRead({ secret, role: 'own', patientId, body }))).toBe('NO_KEY')
  const readBy = empty()
  const second = await readBy.pairRead({ secret, role: 'new', body: again.body }).catch((error) => error.code)
  expect(second).toBe('BAD_ENVELOPE')
})

test('attack 18: a second answer to one code is refused', async () => {
  const { own } = await patient()
  const secret = await own.vault.newPairSecret()
  const { relay, body } = await own.vault.pairShow({ secret, role: 'own', patientId: own.handle.patientId })
  const [one, two] = [empty(), empty()]
  const answers = [await one.pairRead({ secret, role: 'new', body }), await two.pairRead({ secret, role: 'new', body })]
  await own.vault.pairReveal({ relay, body: answers[0]!.body })
  expect(await codeOf(own.vault.pairReveal({ relay, body: answers[1]!.body }))).toBe('BAD_INVITATION')
})

test('pages cannot have the vault sign a link', async () => {
  const { own } = await patient()
  const { patientId } = own.handle
  const signing = own.vault.signPatient({ patientId, purpose: 'patient-link', fields: ['x'] })
  expect(await codeOf(signing)).toBe('UNSUPPORTED')
})

// ── what the clinic's browsers believe ──

test('a linked device reads as the one that it is linked with does; by first use, and by “matches”', async () => {
  const staff = await world.join(['practitioner'])
  const { own, records } = await patient()
  const { patientId } = own.handle
  const { filed } = await pair(own, empty())
  const keys = [{ keys: own.handle.keys }, { keys: filed.keys, link: filed.link }]
  await staff.vault.loadPatientKeys({ clinicId, patientId, keys })
  await staff.vault.open(records, { patientId })
  const met = await staff.vault.loadPatientKeys({ clinicId, patientId, keys })
  expect(met.map(({ trust, root }) => [trust, root])).toEqual([
    ['first-use', own.handle.keys.sign],
    ['first-use', own.handle.keys.sign],
  ])
  const note = await staff.vault.seal(input(own.handle, 'note', { shared: true }, [own.handle.keys.dh, filed.keys.dh]))
  expect(note.grants).toHaveLength(3)
  // A member's word for the one is a member's word for the other, whichever of them came to the call.
  await staff.vault.vouchPatient({ clinicId, patientId, keys: filed.keys, reason: 'call' })
  const vouched = await staff.vault.loadPatientKeys({ clinicId, patientId, keys })
  expect(vouched.map(({ trust }) => trust)).toEqual(['vouched', 'vouched'])
})

// Defence: checkLink's two signatures, and `spread`, which begins at keys that are believed by themselves.
test('attack 7: two keys that nobody believes vouch for each other in vain', async () => {
  const staff = await world.join(['practitioner'])
  const { own, records } = await patient()
  const { patientId } = own.handle
  const thief = await patientOf(world, patientId)
  const { filed } = await pair(thief, empty())
  await staff.vault.open(records, { patientId })
  const keys = [{ keys: thief.handle.keys }, { keys: filed.keys, link: filed.link }]
  const views = await staff.vault.loadPatientKeys({ clinicId, patientId, keys })
  expect(views.map(({ trust }) => trust)).toEqual(['none', 'none'])
})
