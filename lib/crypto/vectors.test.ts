import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { extendLog, openAuditEntry } from './audit.ts'
import { type Bytes, fromB64, sha256, toB64 } from './bytes.ts'
import { openCard } from './card.ts'
import { verifyChain } from './chain.ts'
import { openBody, verifyEnvelope } from './envelope.ts'
import { checkEmergencyKey, combineShares, openOwnShare } from './emergency.ts'
import { checkRequest, openReason } from './emergency-request.ts'
import { openEpochs } from './epoch.ts'
import { checkErasure } from './erasure.ts'
import { headNumber } from './head-number.ts'
import { importKeys, importSecret, unwrapAccount } from './keys.ts'
import { deviceCode } from './device-code.ts'
import { backupKeys } from './patient-backup.ts'
import { checkLink } from './patient-link.ts'
import { checkPatientVouch } from './patient-vouch.ts'
import { openRecord } from './record.ts'
import { readApproval, rekeyFingerprint } from './rekey.ts'
import { openShare } from './share.ts'
import type { Recipient } from './types.ts'
import { checkHead } from './witness.ts'

// What docs/vectors holds was written by this code and is opened by another reader beside it; here, what was written stays readable.
const load = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../docs/vectors/${name}.json`, import.meta.url), 'utf8'))
const chains = load('chain')
const chain = await verifyChain(chains.clinicId, chains.statements, {
  rootFingerprint: fromB64(chains.rootFingerprint),
})

test('chain and epochs', async () => {
  expect(chain.hashes).toEqual(chains.hashes)
  const { owner, desk, locum } = chains.people
  const locumId = chain.members.find((member) => toB64(member.keys.sign) === locum.sign)!.memberId
  const epochs = load('epochs')
  for (const [person, expected] of [
    [owner, `clinical 1,clinical:${locumId} 1,desk 1,officers 1`],
    [desk, 'desk 1,desk 2'],
    [locum, `clinical:${locumId} 1`],
  ] as const) {
    const keys = await importKeys({ sign: fromB64(person.signSecret), dh: fromB64(person.dhSecret) })
    const found = await openEpochs(chain, epochs.grants, { public: keys.public.dh, pair: keys.dh })
    expect(
      found
        .map(({ group, epoch }) => `${group} ${epoch}`)
        .sort()
        .join(),
    ).toBe(expected)
  }
})

test('records and bodies', async () => {
  const { readers, records, patient } = load('records')
  for (const reader of Object.values<{ secret: string; public: string }>(readers)) {
    const { pair } = await importSecret('X25519', fromB64(reader.secret))
    for (const { sealed, content } of records) {
      const isFor = sealed.grants.some((grant: { recipient: Recipient }) => grant.recipient.key === reader.public)
      if (!isFor) continue
      const opened = await openRecord(sealed, {
        chain,
        trustPatient: (_, keys) => (toB64(keys.sign) === patient.sign ? 'own' : null),
        keysFor: ({ key }) => (key === reader.public ? pair : null),
      })
      expect(opened.content).toEqual(content)
    }
  }
  for (const body of load('bodies').bodies) {
    const envelope = Object.fromEntries(
      ['header', 'commit', 'ciphertext', 'signature'].map((part) => [part, fromB64(body[part])]),
    )
    const bytes = envelope as Record<'header' | 'commit' | 'ciphertext' | 'signature', Bytes>
    expect(toB64((await verifyEnvelope(bytes)).hash)).toBe(body.recordHash)
    expect(toB64(await sha256(await openBody(bytes, fromB64(body.dek))))).toBe(body.bodyHash)
  }
})

test('account, vouch and share', async () => {
  const { exportKey, clinicId, memberId, wrapped, secrets, vouch } = load('accounts')
  const opened = await unwrapAccount(fromB64(exportKey), { clinicId, memberId }, fromB64(wrapped))
  expect(toB64(opened.secrets.sign)).toBe(secrets.sign)
  const vouched = await checkPatientVouch(chain, vouch.patientId, fromB64(vouch.bytes))
  expect([vouched.reason, vouched.by]).toEqual([vouch.reason, 'clinical'])
  expect(await deviceCode(chain, vouch.patientId, vouched.keys)).toBe(vouch.code)
  expect([vouched.keys.sign, vouched.first!.sign].map((key) => toB64(key))).toEqual([vouch.keys.sign, vouch.first.sign])
  const share = load('shares')
  const read = { rxId: share.rxId, secret: fromB64(share.secret), share: fromB64(share.share) }
  const copy = await openShare({ ...read, rootFingerprint: fromB64(share.rootFingerprint) })
  expect(copy.prescription).toEqual(share.prescription)
})

test('new keys for who lost theirs, approved and signed', async () => {
  const { clinicId, rootFingerprint, statements, approval, fingerprint, hashes } = load('rekey')
  const root = fromB64(rootFingerprint, 32)
  const renewed = await verifyChain(clinicId, statements, { rootFingerprint: root })
  expect(renewed.hashes).toEqual(hashes)
  const { memberId, keys } = renewed.members.at(-1)!
  expect(toB64(await rekeyFingerprint(clinicId, root, { memberId, keys }))).toBe(fingerprint)
  await readApproval(clinicId, { memberId, keys }, fromB64(approval))
})

test('the log, the witness, emergencies and a patient’s devices', async () => {
  const { clinicId, patientId, statements, ...beside } = load('beside')
  const { log, witness, emergency, card, backup } = beside
  const longer = await verifyChain(clinicId, statements)
  expect(await headNumber(longer.hashes.length, longer.head)).toBe(beside.headNumber)

  const people = await Promise.all(
    (['owner', 'desk'] as const).map(async (memberId) => {
      const { signSecret, dhSecret } = chains.people[memberId]
      const keys = await importKeys({ sign: fromB64(signSecret), dh: fromB64(dhSecret) })
      return { memberId, pair: keys.dh, public: keys.public.dh }
    }),
  )
  const leaves: Bytes[] = []
  for (const { leaf, enc, ct, says } of log.entries) {
    leaves.push(fromB64(leaf))
    const entry = await openAuditEntry(clinicId, fromB64(leaf), { enc: fromB64(enc), ct: fromB64(ct) }, people[0]!)
    expect([entry.actor.kind, entry.action, entry.refused]).toEqual([says[0], says[2], says[6]])
  }
  expect(toB64((await extendLog(null, 0, leaves))!)).toBe(log.head)
  expect((await checkHead(fromB64(witness.public), fromB64(witness.members))).head).toBe(toB64(longer.head))

  const key = await checkEmergencyKey(longer, patientId, fromB64(emergency.statement))
  const [one, two] = await Promise.all(
    people.map((own) =>
      openOwnShare(
        key,
        emergency.shares.find((each: { memberId: string }) => each.memberId === own.memberId),
        own,
      ),
    ),
  )
  await combineShares(key, [one!, two!])
  const request = await checkRequest(longer, fromB64(emergency.request))
  expect(await openReason(request, fromB64(emergency.reason), people[1]!)).toBe(emergency.text)
  for (const { says, bytes } of beside.erasure)
    expect(await checkErasure(longer, patientId, fromB64(bytes))).toEqual(says)
  expect(await openCard(card.cardId, fromB64(card.secret), fromB64(card.sealed))).toEqual(card.content)
  expect(toB64((await checkLink(clinicId, patientId, fromB64(beside.link))).to.sign)).toBe(beside.linked[1])
  expect((await backupKeys(fromB64(backup.secret))).keyId).toBe(backup.keyId)
})
