import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { b64 } from './reader-base.ts'
import * as beside from './reader-beside.ts'
import { readChain } from './reader-chain.ts'

const load = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'))
const [chains, vectors] = [load('chain'), load('beside')]
const { clinicId, patientId, log, witness, emergency, card, pairing, backup } = vectors
const chain = readChain(clinicId, vectors.statements, b64(chains.rootFingerprint))
const text = (bytes: Buffer) => bytes.toString('base64url')
const dhOf = (name: string) => b64(chains.people[name].dhSecret)
/** The same bytes with one bit other; counted from the end where negative. */
const altered = (value: string, at = -1) => {
  const bytes = b64(value)
  bytes[at < 0 ? bytes.length + at : at]! ^= 1
  return bytes
}
const alteredText = (value: string, at = -1) => text(altered(value, at))

describe('a number of the list of members', () => {
  const last = chain.hashes.at(-1)!
  test('is the same for whoever knows the same list, and another for any other', () => {
    expect(beside.headNumber(chain.hashes.length, last)).toBe(vectors.headNumber)
    expect(beside.headNumber(chain.hashes.length - 1, last)).not.toBe(vectors.headNumber)
    expect(beside.headNumber(chain.hashes.length, altered(text(last)))).not.toBe(vectors.headNumber)
  })
})

describe('the log', () => {
  const leaves = log.entries.map((entry: { leaf: string }) => b64(entry.leaf))
  test('opens for its reader and has its head', () => {
    for (const entry of log.entries) {
      expect(beside.openEntry(clinicId, entry, dhOf(log.reader)).says).toEqual(entry.says)
      expect(() => beside.openEntry(clinicId, entry, dhOf('desk'))).toThrow()
    }
    expect(text(beside.logHead(leaves))).toBe(log.head)
  })
  test('altered, in another order or under another leaf, is refused', () => {
    const [first, second] = log.entries
    expect(() => beside.openEntry(clinicId, { ...first, ct: alteredText(first.ct) }, dhOf(log.reader))).toThrow()
    expect(() => beside.openEntry(clinicId, { ...first, leaf: second.leaf }, dhOf(log.reader))).toThrow()
    expect(() => beside.openEntry('another', first, dhOf(log.reader))).toThrow(/another clinic/)
    expect(text(beside.logHead([leaves[1], leaves[0], leaves[2]]))).not.toBe(log.head)
    expect(text(beside.logHead(leaves.slice(0, 2)))).not.toBe(log.head)
  })
})

describe('a witness', () => {
  const key = b64(witness.public)
  test('says how far it saw both chains go', () => {
    const members = beside.checkWitnessed(key, b64(witness.members))
    expect(members).toMatchObject({ clinic: clinicId, kind: 'members', length: chain.hashes.length, at: witness.at })
    expect(text(members.head)).toBe(text(chain.hashes.at(-1)!))
    expect(text(beside.checkWitnessed(key, b64(witness.log)).head)).toBe(log.head)
  })
  test('altered, or of another witness, is refused', () => {
    for (const at of [2, 50, -1]) expect(() => beside.checkWitnessed(key, altered(witness.members, at))).toThrow()
    expect(() => beside.checkWitnessed(altered(witness.public, 0), b64(witness.members))).toThrow()
  })
})

describe('an emergency', () => {
  const key = beside.checkEmergencyKey(chain, patientId, b64(emergency.statement))
  const shareOf = (name: string) => emergency.shares.find((each: { memberId: string }) => each.memberId === name)
  const open = (name: string) => beside.openOfficerShare(chain, key, shareOf(name), dhOf(name))
  const asked = beside.checkRequest(chain, key, b64(emergency.request))
  const oneTime = b64(emergency.oneTimeSecret)
  test('two officers’ shares give the secret of the key in the statement', () => {
    expect(key.current).toBe(true)
    expect(beside.combine(open('owner'), open('desk'), key.key)).toHaveLength(32)
    // The second one's, by way of the answer.
    expect(asked.code).toBe(emergency.code)
    const answered = beside.openAnswer(chain, asked, oneTime, b64(emergency.answer))
    expect(beside.combine(open('desk'), answered, key.key)).toHaveLength(32)
    for (const name of ['owner', 'desk'])
      expect(beside.openReason(chain, key, asked, b64(emergency.reason), dhOf(name))).toBe(emergency.text)
  })
  test('one share, or an altered one, gives nothing', () => {
    expect(() => beside.combine(open('owner'), open('owner'), key.key)).toThrow(/twice/)
    expect(() => beside.combine(open('owner'), altered(text(open('desk')), 0), key.key)).toThrow(/not the secret/)
    const moved = { ...shareOf('desk'), memberId: 'owner' }
    expect(() => beside.openOfficerShare(chain, key, moved, dhOf('owner'))).toThrow(/another share/)
  })
  test('an altered statement, request, answer or reason is refused', () => {
    for (const at of [60, -1]) {
      expect(() => beside.checkEmergencyKey(chain, patientId, altered(emergency.statement, at))).toThrow()
      expect(() => beside.checkRequest(chain, key, altered(emergency.request, at))).toThrow()
      expect(() => beside.openAnswer(chain, asked, oneTime, altered(emergency.answer, at))).toThrow()
    }
    expect(() => beside.checkEmergencyKey(chain, 'another', b64(emergency.statement))).toThrow(/another patient/)
    expect(() => beside.openReason(chain, key, asked, altered(emergency.reason, 20), dhOf('owner'))).toThrow()
    // Before there were two officers: what was made then is no longer sealed to.
    const earlier = readChain(clinicId, chains.statements, b64(chains.rootFingerprint))
    expect(() => beside.checkEmergencyKey(earlier, patientId, b64(emergency.statement))).toThrow()
  })
})

describe('an answer to a wish to be forgotten', () => {
  test('says what an officer signed', () => {
    for (const { says, bytes } of vectors.erasure)
      expect(beside.checkErasure(chain, patientId, b64(bytes))).toEqual({
        ...{ request: says.requestId, state: says.state, classes: says.classes },
        ...{ ground: says.ground, at: says.answeredAt },
      })
  })
  test('altered, to another patient, or before its signer’s head, is refused', () => {
    const [{ bytes }] = vectors.erasure
    for (const at of [2, 130, -80, -1]) expect(() => beside.checkErasure(chain, patientId, altered(bytes, at))).toThrow()
    expect(() => beside.checkErasure(chain, 'another', b64(bytes))).toThrow(/another patient/)
    const earlier = readChain(clinicId, chains.statements, b64(chains.rootFingerprint))
    expect(() => beside.checkErasure(earlier, patientId, b64(bytes))).toThrow(/lacks/)
  })
})

describe('an emergency card', () => {
  test('opens with its code, and the claim says that it was at hand', () => {
    expect(beside.openCard(card.cardId, b64(card.secret), b64(card.sealed))).toEqual(card.content)
    expect(text(beside.cardClaim(card.cardId, b64(card.secret)))).toBe(card.claim)
  })
  test('altered, under another number or another secret, does not', () => {
    expect(() => beside.openCard(card.cardId, b64(card.secret), altered(card.sealed))).toThrow()
    expect(() => beside.openCard(patientId, b64(card.secret), b64(card.sealed))).toThrow()
    expect(() => beside.openCard(card.cardId, altered(card.secret), b64(card.sealed))).toThrow()
  })
})

describe('a patient’s devices', () => {
  test('call each other theirs, and both must have said so', () => {
    expect(beside.checkLink(clinicId, patientId, b64(vectors.link)).map(text)).toEqual(vectors.linked)
    // The last byte is of the second signature; the one 66 before it, of the first.
    for (const at of [-1, -67, 90]) expect(() => beside.checkLink(clinicId, patientId, altered(vectors.link, at))).toThrow()
    expect(() => beside.checkLink(clinicId, 'another', b64(vectors.link))).toThrow(/this patient/)
  })
  test('a printed page’s words are a key', () => {
    const { keyId, sign } = beside.openBackup(b64(backup.secret))
    expect([keyId, text(sign)]).toEqual([backup.keyId, backup.sign])
    expect(beside.openBackup(altered(backup.secret)).keyId).not.toBe(backup.keyId)
  })
  test('two that are paired show the same code, and a message altered or out of its place ends it', () => {
    const messages = pairing.messages.map(b64)
    const paired = beside.pairCode(b64(pairing.secret), messages, 'new')
    expect(paired).toMatchObject({ relay: pairing.relay, code: pairing.code })
    const fourth = beside.openPaired(paired, 4, messages[3]!, b64(pairing.phone))
    expect(fourth.slice(0, 2)).toEqual([clinicId, patientId])
    expect(fourth[4]).toEqual(pairing.appointments)
    expect(() => beside.openPaired(paired, 5, messages[3]!, b64(pairing.phone))).toThrow()
    expect(() => beside.openPaired(paired, 4, messages[3]!, b64(pairing.secret + pairing.secret).subarray(0, 32))).toThrow()
    const elsewhere = { ...paired, transcript: Buffer.from(paired.transcript).reverse() }
    expect(() => beside.openPaired(elsewhere, 4, messages[3]!, b64(pairing.phone))).toThrow()
    for (const at of [0, 1, 2]) {
      const one = [...messages]
      one[at] = altered(pairing.messages[at])
      expect(() => beside.pairCode(b64(pairing.secret), one, 'new')).toThrow()
    }
    expect(() => beside.pairCode(b64(pairing.secret), [messages[0], messages[2], messages[1]], 'new')).toThrow()
    expect(() => beside.pairCode(b64(pairing.secret), messages, 'own')).toThrow(/roles/)
  })
})
