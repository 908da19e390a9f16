import { afterEach, describe, expect, test, vi } from 'vitest'
import type { CallMessage, Knock } from '../call/messages.ts'
import { commitTo, newEphemeral } from '../crypto/sas.ts'
import { fromB64, toB64 } from '../crypto/bytes.ts'
import type { KeysFromVault } from './frames-api.ts'
import { FrameDecoder, FrameEncoder, SenderBook } from './frames.ts'
import type { Vault } from './vault-api.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'
import { clinic, patientOf, sealAs } from './vault-world.ts'

const world = await clinic()
const nonce = () => toB64(crypto.getRandomValues(new Uint8Array(16)))

async function call() {
  const callId = crypto.randomUUID()
  const patientId = crypto.randomUUID()
  const device = createVault(memoryStorage())
  await device.createPatient({ clinicId: world.clinicId, patientId, home: 'memory' })
  await device.loadChain(world.chain)
  const practitioner = world.owner.vault
  const knock = await device.callKnock({ patientId, callId, ticket: 'a.b.c', nonce: nonce() })
  return { callId, patientId, device, practitioner, knock }
}
type Call = Awaited<ReturnType<typeof call>>
/** The chart beside the call: another device of this patient booked, and its identity was opened. */
async function chartOf({ patientId, practitioner }: Call, name = 'Ada') {
  const booked = await patientOf(world, patientId)
  await practitioner.open([await sealAs(booked, 'identity', { name })], { patientId })
}
type Relay = (message: CallMessage, from: 'patient' | 'practitioner') => CallMessage | null

/** Carries messages both ways until nobody has more to say. */
async function run({ callId, patientId, device, practitioner, knock }: Call, relay: Relay = (message) => message) {
  const first = await practitioner.callAdmit({ clinicId: world.clinicId, callId, patientId, knock, above: 0 })
  const queue: { message: CallMessage; to: Vault; from: 'patient' | 'practitioner' }[] = []
  const push = (send: CallMessage[], from: 'patient' | 'practitioner') => {
    for (const message of send) queue.push({ message, from, to: from === 'patient' ? practitioner : device })
  }
  push(first.send, 'practitioner')
  const seen: CallMessage[] = []
  let views = { patient: null as never as typeof first.view, practitioner: first.view }
  while (queue.length) {
    const { message, to, from } = queue.shift()!
    seen.push(message)
    const relayed = relay(message, from)
    if (!relayed) continue
    const step = await to.callTake({ callId, message: relayed })
    views = { ...views, [from === 'patient' ? 'practitioner' : 'patient']: step.view }
    push(step.send, from === 'patient' ? 'practitioner' : 'patient')
  }
  return { ...views, seen }
}

async function keysOf(vault: Vault, callId: string): Promise<KeysFromVault> {
  const { port1, port2 } = new MessageChannel()
  const got = new Promise<KeysFromVault>((resolve) => (port1.onmessage = ({ data }) => resolve(data as KeysFromVault)))
  await vault.callFrames({ callId }, port2)
  const keys = await got
  port1.close()
  return keys
}

describe('the handshake', () => {
  test("ends with one safety code, and keys that open each other's frames", async () => {
    const it = await call()
    const { patient, practitioner, seen } = await run(it)
    expect(patient).toMatchObject({ phase: 'ready', epoch: 1, peer: { memberId: world.owner.memberId } })
    expect(practitioner.phase).toBe('ready')
    expect(patient.safetyCode).toMatch(/^\d{4} \d{4}$/)
    expect(patient.safetyCode).toBe(practitioner.safetyCode)
    expect(seen.map(({ kind }) => kind)).toEqual([
      'admit',
      'commit',
      'reveal',
      'reveal',
      'roster',
      'sender-key',
      'sender-key',
    ])

    const [hers, his] = [await keysOf(it.practitioner, it.callId), await keysOf(it.device, it.callId)]
    for (const [from, to] of [
      [hers, his],
      [his, hers],
    ] as const) {
      const encoder = new FrameEncoder('microphone')
      await encoder.setKey(from.own, 0)
      const book = new SenderBook()
      book.setKeys(to.others)
      const sent = await encoder.encode(Uint8Array.from([0x78, 1, 2, 3]))
      expect(sent.ok && (await new FrameDecoder('microphone', book).decode(sent.data)).ok).toBe(true)
    }
    await expect(crypto.subtle.exportKey('raw', hers.own!.key)).rejects.toThrow()
  })

  test('a message repeated or late changes nothing', async () => {
    const it = await call()
    const { seen, patient } = await run(it)
    for (const message of seen) {
      for (const vault of [it.device, it.practitioner]) {
        const { send, view } = await vault.callTake({ callId: it.callId, message })
        expect(send).toEqual([])
        expect(view).toMatchObject({ phase: 'ready', safetyCode: patient.safetyCode })
      }
    }
  })

  test('a return to the call is a new epoch with new keys and a new code', async () => {
    const it = await call()
    const before = await run(it)
    const first = await keysOf(it.device, it.callId)
    const knock = await it.device.callKnock({
      patientId: it.patientId,
      callId: it.callId,
      ticket: 'a.b.c',
      nonce: nonce(),
    })
    const after = await run({ ...it, knock })
    expect(after.patient).toMatchObject({ phase: 'ready', epoch: 2 })
    expect(after.patient.safetyCode).not.toBe(before.patient.safetyCode)
    expect((await keysOf(it.device, it.callId)).epoch).toBeGreaterThan(first.epoch)
  })

  test('alone: a new epoch in which nothing is sent', async () => {
    const it = await call()
    await run(it)
    const { send, view } = await it.practitioner.callAlone({ callId: it.callId, above: 1 })
    expect(view).toMatchObject({ phase: 'alone', epoch: 2, safetyCode: null })
    expect(send).toMatchObject([{ kind: 'roster', epoch: 2, parties: [{ role: 'practitioner' }] }])
    expect(await keysOf(it.practitioner, it.callId)).toMatchObject({ epoch: 2, own: null, others: [] })
  })

  // Defence: the signature check in `takeReveal`. A reveal that is signed and false is vault-handshake.test.ts's.
  test('attack 6: a reveal swapped in transit ends the handshake', async () => {
    const it = await call()
    const { pair: _, reveal } = await newEphemeral('practitioner', it.callId)
    const { patient } = await run(it, (message, from) =>
      from === 'practitioner' && message.kind === 'reveal'
        ? { ...message, ephemeral: toB64(reveal.ephemeral) }
        : message,
    )
    expect(patient).toMatchObject({ phase: 'failed', failure: 'BAD_SIGNATURE', safetyCode: null })
  })

  // Without the signature check in `takeAdmit` a commitment of the server's own would be taken for the practitioner's.
  test('attack 6: a commitment swapped in transit is refused', async () => {
    const it = await call()
    const { reveal } = await newEphemeral('practitioner', it.callId)
    const commitment = toB64(await commitTo(reveal))
    const { patient } = await run(it, (message) => (message.kind === 'admit' ? { ...message, commitment } : message))
    expect(patient).toMatchObject({ phase: 'failed', failure: 'BAD_SIGNATURE' })
  })

  // Without `requirePractitioner`'s look into the verified chain, any key that the server names would do.
  test("attack 6: a false practitioner is refused by the patient's browser", async () => {
    const it = await call()
    const other = await clinic()
    const admitted = await other.owner.vault.callAdmit({
      clinicId: other.clinicId,
      callId: it.callId,
      patientId: it.patientId,
      knock: it.knock,
      above: 0,
    })
    const { view, send } = await it.device.callTake({ callId: it.callId, message: admitted.send[0]! })
    expect(view.phase).toBe('failed')
    expect(['CHAIN_SHORTER', 'NOT_VOUCHED']).toContain(view.failure)
    expect(send).toEqual([])
  })

  test('attack 6: a receptionist of the clinic is no practitioner', async () => {
    const it = await call()
    const desk = await world.join(['frontdesk'])
    await it.device.loadChain(world.chain)
    const admitted = await desk.vault.callAdmit({
      clinicId: world.clinicId,
      callId: it.callId,
      patientId: it.patientId,
      knock: it.knock,
      above: 0,
    })
    const { view } = await it.device.callTake({ callId: it.callId, message: admitted.send[0]! })
    expect(view).toMatchObject({ phase: 'failed', failure: 'NOT_VOUCHED' })
  })

  // Defence: the look for the cited head in `requirePractitioner`. The practitioner is in the older chain too.
  test('attack 6: an admission that cites a chain which this browser has not seen is refused', async () => {
    const it = await call()
    await world.join(['frontdesk'])
    const { patient, seen } = await run(it)
    expect(patient).toMatchObject({ phase: 'failed', failure: 'CHAIN_SHORTER' })
    expect(seen.map(({ kind }) => kind)).toEqual(['admit'])
  })

  // Without the two commitments nothing keeps a side from choosing its key after seeing the other's.
  test('attack 6: no ephemeral key is said before both commitments are', async () => {
    const { seen } = await run(await call())
    const kinds = seen.map(({ kind }) => kind)
    expect(kinds.indexOf('reveal')).toBeGreaterThan(Math.max(kinds.indexOf('admit'), kinds.indexOf('commit')))
  })

  test('every field of every message counts', async () => {
    const flip = (text: string) => {
      const bytes = fromB64(text)
      bytes[0]! ^= 1
      return toB64(bytes)
    }
    for (const kind of ['admit', 'commit', 'reveal', 'roster', 'sender-key'] as const) {
      const { seen } = await run(await call())
      const fields = Object.entries(seen.find((message) => message.kind === kind)!).filter(
        ([name, value]) => typeof value === 'string' && name !== 'kind' && name !== 'role',
      )
      for (const [name] of fields) {
        const it = await call()
        const { patient, practitioner } = await run(it, (message) =>
          message.kind === kind
            ? ({ ...message, [name]: flip(String(message[name as 'signature'])) } as CallMessage)
            : message,
        )
        const bothReady = patient?.phase === 'ready' && practitioner.phase === 'ready'
        expect(bothReady, `${kind}.${name}`).toBe(false)
      }
    }
  })
})

describe('tries that nobody sees', () => {
  const admitOf = (vault: Vault, { callId, patientId, knock }: Call, above: number) =>
    vault.callAdmit({ clinicId: world.clinicId, callId, patientId, knock, above })

  // Defence: `mayTry` in vault-handshake.ts, and that `callForget` keeps the count. A false clinic on a first visit begins
  // anew until the code suits it: one in a hundred million each time, and hundreds of times a second.
  test('attack 6: the patient’s browser leaves a call after eight admissions that came to nothing', async () => {
    const it = await call()
    const [second, third] = [await world.join(['practitioner']), await world.join(['practitioner'])]
    await it.device.loadChain(world.chain)
    await second.vault.loadChain(world.chain)
    let { knock } = it
    for (let epoch = 0; epoch < 8; epoch++) {
      if (epoch === 4) {
        await it.device.callForget({ callId: it.callId })
        const { patientId, callId } = it
        knock = await it.device.callKnock({ patientId, callId, ticket: 'a.b.c', nonce: nonce() })
      }
      const { send } = await admitOf(epoch < 4 ? second.vault : third.vault, { ...it, knock }, epoch)
      const { view } = await it.device.callTake({ callId: it.callId, message: send[0]! })
      expect(view.phase).toBe('committed')
    }
    const { send } = await admitOf(it.practitioner, { ...it, knock }, 8)
    const last = await it.device.callTake({ callId: it.callId, message: send[0]! })
    expect(last).toMatchObject({ send: [], view: { phase: 'failed', failure: 'BAD_COMMITMENT' } })
  })

  test('attack 6: so does the practitioner’s, when nobody reveals', async () => {
    const it = await call()
    for (let epoch = 0; epoch < 8; epoch++) expect((await admitOf(it.practitioner, it, epoch)).send).toHaveLength(1)
    const last = await admitOf(it.practitioner, it, 8)
    expect(last).toMatchObject({ send: [], view: { phase: 'failed', failure: 'BAD_COMMITMENT' } })
  })

  test('who hangs up and comes back, again and again, is let in', async () => {
    const it = await call()
    const { patientId, callId } = it
    for (let round = 0; round < 10; round++) {
      const knock = await it.device.callKnock({ patientId, callId, ticket: 'a.b.c', nonce: nonce() })
      expect((await run({ ...it, knock })).patient.phase).toBe('ready')
    }
  })
})

// Defence: `onLock` in vault-call.ts. What is on the screen then is the lock, and who sits down there is anybody.
test('locked in the middle of a call, it signs nothing more, and its frames have no key', async () => {
  const [it, begun] = [await call(), await call()]
  const { vault } = await world.join(['practitioner'])
  for (const { device } of [it, begun]) await device.loadChain(world.chain)
  await run({ ...it, practitioner: vault })
  expect((await keysOf(vault, it.callId)).own).not.toBeNull()
  const { callId, patientId, knock } = begun
  const { send } = await vault.callAdmit({ clinicId: world.clinicId, callId, patientId, knock, above: 0 })
  const answered = await begun.device.callTake({ callId, message: send[0]! })
  const underway = vault.callTake({ callId, message: answered.send[0]! })
  await vault.lock()
  expect(await underway).toMatchObject({ send: [], view: { phase: 'failed', failure: 'LOCKED' } })
  expect(await keysOf(vault, it.callId)).toMatchObject({ own: null, others: [] })
  const noKey = { code: 'NO_KEY' }
  await expect(vault.callTake({ callId, message: answered.send[1]! })).rejects.toMatchObject(noKey)
  await expect(vault.callAlone({ callId: it.callId, above: 1 })).rejects.toMatchObject(noKey)
  // The patient's own side, in the same browser or not, is no part of the account.
  expect((await keysOf(it.device, it.callId)).own).not.toBeNull()
})

describe('the knock', () => {
  afterEach(() => vi.unstubAllGlobals())
  const who = (it: Call, knock: Knock, callId = it.callId) =>
    it.practitioner.callWho({ clinicId: world.clinicId, callId, patientId: it.patientId, knock })

  test('of a device nobody knows is told as such', async () => {
    const it = await call()
    expect(await who(it, it.knock)).toEqual({ trust: 'none' })
  })

  // Without `checkKnock` a page would show a device that never proved its key.
  test('attack 4: a proof for another room, origin, ticket or key is refused', async () => {
    const it = await call()
    const other = await call()
    await expect(who(it, it.knock, other.callId)).rejects.toMatchObject({ code: 'BAD_SIGNATURE' })
    await expect(who(it, { ...it.knock, ticketHash: other.knock.nonce.padEnd(43, 'A') })).rejects.toMatchObject({
      code: 'BAD_SIGNATURE',
    })
    await expect(who(it, { ...it.knock, keys: other.knock.keys })).rejects.toMatchObject({ code: 'BAD_SIGNATURE' })
  })

  // Defence: the first line of `checkKnock`. The signature is a true one: the patient was lured to a page of another site.
  test('attack 4: a proof that the device itself signed for another origin is refused', async () => {
    const it = await call()
    vi.stubGlobal('location', { origin: 'https://elsewhere.test' })
    const { patientId, callId } = it
    const knock = await it.device.callKnock({ patientId, callId, ticket: 'a.b.c', nonce: nonce() })
    vi.unstubAllGlobals()
    expect(knock.origin).toBe('https://elsewhere.test')
    const refused = { code: 'BAD_SIGNATURE' }
    await expect(who(it, knock)).rejects.toMatchObject(refused)
    const admit = it.practitioner.callAdmit({ clinicId: world.clinicId, callId, patientId, knock, above: 0 })
    await expect(admit).rejects.toMatchObject(refused)
  })

  test('"matches" vouches for the keys whose code was shown, and for no others', async () => {
    const it = await call()
    await chartOf(it)
    const matches = (safetyCode: string) => it.practitioner.callMatches({ callId: it.callId, safetyCode, name: 'Ada' })
    await expect(matches('')).rejects.toMatchObject({ code: 'NO_KEY' })
    const { practitioner } = await run(it)
    const { vouch, keys } = await matches(practitioner.safetyCode!)
    expect(keys).toEqual(it.knock.keys)
    const loaded = await it.practitioner.loadPatientKeys({
      clinicId: world.clinicId,
      patientId: it.patientId,
      keys: [{ keys, vouch }],
    })
    expect(loaded[0]!.trust).toBe('vouched')
    expect(await who(it, it.knock)).toEqual({ trust: 'vouched' })
  })

  // Defence: the comparison in `callMatches`, in vault-call.ts. Without it the press vouches for who came in meanwhile.
  test('attack 6: "matches" after another device came in vouches for neither', async () => {
    const it = await call()
    await chartOf(it)
    const { practitioner: before } = await run(it)
    const other = createVault(memoryStorage())
    const { patientId, callId } = it
    await other.createPatient({ clinicId: world.clinicId, patientId, home: 'memory' })
    await other.loadChain(world.chain)
    const knock = await other.callKnock({ patientId, callId, ticket: 'a.b.c', nonce: nonce() })
    const { practitioner: after } = await run({ ...it, device: other, knock })
    expect(after.safetyCode).not.toBe(before.safetyCode)
    const matches = it.practitioner.callMatches({ callId, safetyCode: before.safetyCode!, name: 'Ada' })
    await expect(matches).rejects.toMatchObject({ code: 'STALE' })
    for (const each of [it.knock, knock]) expect(await who(it, each)).toEqual({ trust: 'none' })
  })

  // Defence: the look for the name in `callMatches`. A chart that the server emptied names nobody, and the accomplice in the
  // call would be vouched for as the patient of its choice.
  test('attack 7: "matches" without a name of that patient on the screen vouches for nobody', async () => {
    const it = await call()
    const { practitioner } = await run(it)
    const matches = (name: string | null) =>
      it.practitioner.callMatches({ callId: it.callId, safetyCode: practitioner.safetyCode!, name })
    const refused = { code: 'NOT_VOUCHED' }
    await expect(matches('Ada')).rejects.toMatchObject(refused)
    await chartOf(it, 'Vera')
    // Opened in this browser before, and not what stands beside this call.
    for (const name of [null, '', 'Ada']) await expect(matches(name)).rejects.toMatchObject(refused)
    expect(await who(it, it.knock)).toEqual({ trust: 'none' })
    await expect(matches('Vera')).resolves.toMatchObject({ keys: it.knock.keys })
  })
})
