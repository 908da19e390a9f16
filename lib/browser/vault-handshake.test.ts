// A practitioner's key in the wrong hands, or a practitioner's browser that was changed: what it signs is signed truly.
import { expect, test } from 'vitest'
import { type CallMessage, type Knock, type MessageOf, purposes, signedFields } from '../call/messages.ts'
import { fromB64, random, toB64 } from '../crypto/bytes.ts'
import { generateDeviceKeys } from '../crypto/keys.ts'
import { newEphemeral, signRoster } from '../crypto/sas.ts'
import { sign } from '../crypto/sign.ts'
import { publicKeys, rawKeys } from './vault-context.ts'
import { Handshake } from './vault-handshake.ts'

const b64 = (length: number) => toB64(random(length))
const chainHead = b64(32)

async function two() {
  const callId = crypto.randomUUID()
  const [device, account] = await Promise.all([generateDeviceKeys(), generateDeviceKeys()])
  const knockOf = (): Knock => ({
    ...{ ticketHash: b64(32), nonce: b64(16), origin: 'http://localhost', signature: b64(64) },
    keys: publicKeys(device.public),
  })
  const knock = knockOf()
  const side = (role: 'patient' | 'practitioner', keys: typeof device, answered: Knock) =>
    new Handshake({
      ...{ role, callId, keys, knock: answered, above: 0 },
      sink: { port: null, last: null },
      tries: { begun: 0, finished: 0 },
      requirePractitioner: () => 'member',
    })
  const practitioner = side('practitioner', account, knock)
  const patient = side('patient', device, knock)
  return { callId, account, knockOf, side, practitioner, patient }
}
type Party = MessageOf<'roster'>['parties'][number]
type Two = Awaited<ReturnType<typeof two>>
const pick = <K extends CallMessage['kind']>(send: CallMessage[], kind: K) =>
  send.find((message) => message.kind === kind) as MessageOf<K>

/** Up to where the practitioner reveals; `rest` is what they say to the patient's own reveal. */
async function untilReveal({ practitioner, patient }: Two) {
  const { send: admit } = await practitioner.admit(chainHead, b64(16))
  const { send: answer } = await patient.take(admit[0]!)
  const { send: revealed } = await practitioner.take(pick(answer, 'commit'))
  const { send: rest } = await practitioner.take(pick(answer, 'reveal'))
  return { reveal: pick(revealed, 'reveal'), roster: pick(rest, 'roster') }
}

// Defence: the comparison in `checkReveal`, in lib/crypto/sas.ts. The signature is the account's own.
test('attack 6: a reveal of another key than was committed to ends the handshake, well signed as it is', async () => {
  const it = await two()
  const { reveal } = await untilReveal(it)
  const { reveal: other } = await newEphemeral('practitioner', it.callId)
  const false_ = { ...reveal, ephemeral: toB64(other.ephemeral), random: toB64(other.random) }
  const fields = signedFields.reveal(it.callId, false_)
  const signature = toB64(await sign(it.account.sign.privateKey, purposes.reveal, fields))
  const { view } = await it.patient.take({ ...false_, signature })
  expect(view).toMatchObject({ phase: 'failed', failure: 'BAD_COMMITMENT', safetyCode: null })
})

// Defence: the comparison of `named` with the parties, in `takeRoster`.
test.each<[string, (party: Party, other: Party) => Party]>([
  ['another device', (party, other) => (party.role === 'patient' ? { ...party, keys: other.keys } : party)],
  ['another key', (party, other) => (party.role === 'patient' ? { ...party, ephemeral: other.ephemeral } : party)],
  ['roles swapped', (party) => ({ ...party, role: party.role === 'patient' ? 'practitioner' : 'patient' })],
])('attack 6: a roster of others than the two who revealed, well signed as it is: %s', async (_, change) => {
  const it = await two()
  const { reveal, roster } = await untilReveal(it)
  const { reveal: ephemeral } = await newEphemeral('patient', it.callId)
  const keys = publicKeys((await generateDeviceKeys()).public)
  const other: Party = { role: 'patient', ephemeral: toB64(ephemeral.ephemeral), keys }
  const parties = roster.parties.map((party) => change(party, other))
  const signature = await signRoster(it.account.sign.privateKey, {
    callId: it.callId,
    epoch: roster.epoch,
    transcript: fromB64(roster.transcript),
    parties: parties.map((party) => ({
      ...{ role: party.role, ephemeral: fromB64(party.ephemeral), keys: rawKeys(party.keys) },
    })),
  })
  await it.patient.take(reveal)
  const { view, send } = await it.patient.take({ ...roster, parties, signature: toB64(signature) })
  expect(view).toMatchObject({ phase: 'failed', failure: 'NOT_FOR_YOU' })
  expect(send).toEqual([])
})

// Defence: `message.knock !== knock.signature` in `takeAdmit`. Same device, same practitioner, another ticket.
test('attack 4: an admission that answers an earlier knock of this device is no admission', async () => {
  const it = await two()
  const { send } = await it.side('practitioner', it.account, it.knockOf()).admit(chainHead, b64(16))
  const { view, send: said } = await it.patient.take(send[0]!)
  expect(view).toMatchObject({ phase: 'waiting', epoch: 0 })
  expect(said).toEqual([])
})
