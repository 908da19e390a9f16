import { describe, expect, test } from 'vitest'
import { random, toB64 } from './bytes.ts'
import { frameKey, importSenderKey } from './frame-key.ts'
import {
  type CallRole,
  checkReveal,
  checkRoster,
  commitTo,
  newEphemeral,
  newSenderKey,
  openSenderKey,
  type Party,
  type Reveal,
  type Roster,
  safetyCode,
  sealSenderKey,
  signRoster,
  transcript,
} from './sas.ts'
import { codeOf, flip, newKeys, signerOf } from './testing.ts'

const callId = 'call-1'
const head = random(32)

async function side(role: CallRole) {
  const [keys, { pair, reveal }] = await Promise.all([newKeys(), newEphemeral(role, callId)])
  const commitment = await commitTo(reveal)
  const party: Party = { role, ephemeral: reveal.ephemeral, keys: keys.public, commitment }
  return { keys, pair, reveal, commitment, party }
}

describe('commit and reveal', () => {
  test('the reveal that was committed to is accepted', async () => {
    const [a, b] = [await side('patient'), await side('practitioner')]
    expect(await codeOf(checkReveal(b.commitment, b.reveal, a.reveal))).toBe('accepted')
    expect(await codeOf(checkReveal(a.commitment, a.reveal, b.reveal))).toBe('accepted')
  })

  // Defence: the comparison in checkReveal (sas.ts).
  test('attack 6: a reveal that does not match its commitment aborts', async () => {
    const [a, b, evil] = [await side('patient'), await side('practitioner'), await side('practitioner')]
    const wrong: Reveal[] = [
      { ...b.reveal, ephemeral: evil.reveal.ephemeral },
      { ...b.reveal, random: flip(b.reveal.random, 3) },
      { ...b.reveal, callId: 'call-2' },
      { ...b.reveal, role: 'patient' },
      { ...b.reveal, random: b.reveal.random.slice(1) },
      evil.reveal,
    ]
    for (const reveal of wrong) expect(await codeOf(checkReveal(b.commitment, reveal, a.reveal))).toBe('BAD_COMMITMENT')
  })

  // Defence: the second check of checkReveal (sas.ts).
  test('attack 6: one’s own commitment reflected, or another of one’s own role', async () => {
    const [a, other] = [await side('patient'), await side('patient')]
    expect(await codeOf(checkReveal(a.commitment, a.reveal, a.reveal))).toBe('BAD_COMMITMENT')
    expect(await codeOf(checkReveal(other.commitment, other.reveal, a.reveal))).toBe('BAD_COMMITMENT')
    const mirrored = { ...a.reveal, role: 'practitioner' as const }
    expect(await codeOf(checkReveal(await commitTo(mirrored), mirrored, a.reveal))).toBe('BAD_COMMITMENT')
  })

  test('a commitment shows nothing of the key: the same key commits differently each time', async () => {
    const { reveal } = await side('patient')
    expect(await commitTo(reveal)).not.toEqual(await commitTo({ ...reveal, random: random(32) }))
  })
})

describe('the safety code', () => {
  test('is one for both sides, in any order, of at least 24 bits', async () => {
    const [a, b] = [await side('patient'), await side('practitioner')]
    const codes = await Promise.all(
      [
        [a.party, b.party],
        [b.party, a.party],
      ].map(async (parties) => safetyCode(await transcript(callId, head, parties))),
    )
    expect(codes[0]).toBe(codes[1])
    expect(codes[0]).toMatch(/^\d{4} \d{4}$/)
    expect(Math.log2(10 ** 8)).toBeGreaterThan(24)
  })

  // Defence: everything is in transcript (sas.ts); leave one field out and its row here fails.
  test('attack 6: an ephemeral, device or account key swapped in transit: the codes differ', async () => {
    const [a, b, evil] = [await side('patient'), await side('practitioner'), await side('practitioner')]
    const code = async (call: string, chainHead: typeof head, ...parties: Party[]) =>
      safetyCode(await transcript(call, chainHead, parties))
    const honest = await code(callId, head, a.party, b.party)
    const swapped: Record<string, Party> = {
      ephemeral: { ...b.party, ephemeral: evil.party.ephemeral },
      'signing key': { ...b.party, keys: { ...b.party.keys, sign: evil.party.keys.sign } },
      'agreement key': { ...b.party, keys: { ...b.party.keys, dh: evil.party.keys.dh } },
      commitment: { ...b.party, commitment: evil.commitment },
      role: { ...b.party, role: 'patient' },
    }
    for (const [what, party] of Object.entries(swapped)) {
      expect(await code(callId, head, a.party, party), what).not.toBe(honest)
    }
    expect(await code('call-2', head, a.party, b.party)).not.toBe(honest)
    expect(await code(callId, random(32), a.party, b.party)).not.toBe(honest)
    expect(await code(callId, head, a.party, b.party, evil.party)).not.toBe(honest)
  })
})

describe('the roster', () => {
  test('is believed from the practitioner alone, for this call, and its epochs only rise', async () => {
    const [a, b] = [await side('patient'), await side('practitioner')]
    const hash = await transcript(callId, head, [a.party, b.party])
    const roster: Roster = { callId, epoch: 2, transcript: hash, parties: [a.party, b.party] }
    const signature = await signRoster(b.keys.sign.privateKey, roster)
    const check = (change: Partial<Roster> = {}, previousEpoch = 1, by = b.keys, expected = hash) =>
      codeOf(
        checkRoster(by.public.sign, { ...roster, ...change }, signature, {
          callId,
          previousEpoch,
          transcript: expected,
        }),
      )
    expect(await check()).toBe('accepted')
    expect(await check({ parties: [b.party, a.party] })).toBe('accepted')
    expect(await check({}, 1, a.keys)).toBe('BAD_SIGNATURE')
    expect(await check({ epoch: 3 })).toBe('BAD_SIGNATURE')
    expect(await check({ parties: [b.party] })).toBe('BAD_SIGNATURE')
    expect(await check({}, 2)).toBe('BAD_ENVELOPE')
    expect(await check({}, 1, b.keys, random(32))).toBe('BAD_ENVELOPE')
  })
})

describe('sender keys', () => {
  const setup = async () => {
    const [a, b] = [await side('patient'), await side('practitioner')]
    const hash = await transcript(callId, head, [a.party, b.party])
    const senderKey = newSenderKey()
    const to = { callId, epoch: 1, recipient: b.party.ephemeral, transcript: hash }
    const message = await sealSenderKey(senderKey, to, signerOf(a.keys))
    return { a, b, senderKey, message, expected: { ...to, sender: a.keys.public.sign } }
  }

  test('reach their recipient', async () => {
    const { b, senderKey, message, expected } = await setup()
    expect(await openSenderKey(message, b.pair, expected)).toEqual(senderKey)
  })

  // Defence: isExpected, and verify, in openSenderKey (sas.ts).
  test('of another call, epoch, sender, recipient or transcript, or altered, are refused', async () => {
    const { a, b, message, expected } = await setup()
    const open = (change: Partial<typeof message>) => codeOf(openSenderKey({ ...message, ...change }, b.pair, expected))
    expect(await open({ callId: 'call-2' })).toBe('BAD_ENVELOPE')
    expect(await open({ epoch: 2 })).toBe('BAD_ENVELOPE')
    expect(await open({ sender: b.keys.public.sign })).toBe('BAD_ENVELOPE')
    expect(await open({ recipient: a.party.ephemeral })).toBe('BAD_ENVELOPE')
    expect(await open({ transcript: random(32) })).toBe('BAD_ENVELOPE')
    expect(await open({ box: { ...message.box, ct: flip(message.box.ct, 9) } })).toBe('BAD_SIGNATURE')
    expect(await open({ signature: flip(message.signature, 9) })).toBe('BAD_SIGNATURE')
    expect(await codeOf(openSenderKey(message, a.pair, expected))).toBe('NOT_FOR_YOU')
  })

  // Defence: sender and recipient are inside what is signed and in HPKE's AAD (senderContext in sas.ts).
  test('cannot be passed off as one’s own', async () => {
    const { b, message, expected } = await setup()
    const evil = await newKeys()
    const mine = { ...expected, sender: evil.public.sign }
    const stolen = await sealSenderKey(newSenderKey(), expected, signerOf(evil))
    expect(await codeOf(openSenderKey({ ...stolen, box: message.box }, b.pair, mine))).toBe('BAD_SIGNATURE')
  })
})

describe('frame keys', () => {
  test('differ for every epoch, generation, source and transform, and agree at both ends', async () => {
    const raw = newSenderKey()
    const scope = { epoch: 1, generation: 1, source: 'camera', transform: random(8) }
    const seal = async (change: Partial<typeof scope>) => {
      const key = await frameKey(await importSenderKey(raw.slice()), { ...scope, ...change }, 'encrypt')
      const iv = new Uint8Array(12)
      return toB64(new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, new Uint8Array(16))))
    }
    const changes = [{}, { epoch: 2 }, { generation: 2 }, { source: 'microphone' }, { transform: random(8) }]
    const sealed = await Promise.all(changes.map(seal))
    expect(new Set(sealed).size).toBe(changes.length)
    expect(await seal({})).toBe(sealed[0])
  })

  test('importing wipes the bytes, and the key cannot be exported', async () => {
    const raw = newSenderKey()
    const key = await importSenderKey(raw)
    expect(raw).toEqual(new Uint8Array(32))
    expect(key.extractable).toBe(false)
    const frame = await frameKey(key, { epoch: 1, generation: 1, source: 's', transform: random(8) }, 'decrypt')
    expect([frame.extractable, frame.usages]).toEqual([false, ['decrypt']])
  })
})
