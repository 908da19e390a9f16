import { expect, test } from 'vitest'
import { extendLog, openAuditEntry } from './audit.ts'
import { type Bytes, concat, labelledHash, random, toB64, utf8 } from './bytes.ts'
import { type Cbor, encode } from './cbor.ts'
import { hpkeSeal } from './hpke.ts'
import { codeOf, newKeys } from './testing.ts'

const clinicId = 'clinic-1'
const said: Cbor[] = ['2026-11-21T10:00:00.000Z', 'staff', 'm1', 'encounter.opened', null, 'p1', [], null]
const entry = (...fields: Cbor[]): Bytes => encode(fields)
const good = entry(1, random(32), clinicId, ...said)

/** As the clinic's server seals words to a reader, under the leaf that stands in the chain. */
async function sealed(words: Bytes, reader: Bytes, leaf?: Bytes) {
  const of = leaf ?? (await labelledHash('audit-entry', words))
  const box = await hpkeSeal(reader, concat(utf8('curtain/v1/audit'), reader), of, words)
  return { leaf: of, box }
}

// Defence: the comparison with the leaf in openAuditEntry (audit.ts).
test('attack 11: an entry that says something else than what the log has a hash of is refused', async () => {
  const officer = await newKeys()
  const reader = { public: officer.public.dh, pair: officer.dh }
  const { leaf, box } = await sealed(good, reader.public)
  expect(await openAuditEntry(clinicId, leaf, box, reader)).toMatchObject({
    action: 'encounter.opened',
    patientId: 'p1',
  })
  const harmless = entry(1, random(32), clinicId, ...said.with(3, 'names.listed'))
  const forged = await sealed(harmless, reader.public, leaf)
  expect(await codeOf(openAuditEntry(clinicId, leaf, forged.box, reader))).toBe('BAD_COMMITMENT')
})

// Defence: hpkeOpen's context, and the first lines of parseDetail (audit.ts).
test('an entry of another reader, place, clinic or version is refused', async () => {
  const [officer, other] = [await newKeys(), await newKeys()]
  const reader = { public: officer.public.dh, pair: officer.dh }
  const { leaf, box } = await sealed(good, reader.public)
  const theirs = { public: other.public.dh, pair: other.dh }
  expect(await codeOf(openAuditEntry(clinicId, leaf, box, theirs))).toBe('NOT_FOR_YOU')
  expect(await codeOf(openAuditEntry(clinicId, random(32), box, reader))).toBe('NOT_FOR_YOU')
  for (const [words, code] of [
    [good, 'BAD_ENVELOPE'],
    [entry(2, random(32), 'clinic-2', ...said), 'UNSUPPORTED'],
    [entry(1, random(16), 'clinic-2', ...said), 'BAD_ENVELOPE'],
  ] as const) {
    const it = await sealed(words, reader.public)
    expect(await codeOf(openAuditEntry('clinic-2', it.leaf, it.box, reader)), code).toBe(code)
  }
})

// Defence: extendLog (audit.ts), which hashes the link before and the place with each leaf.
test('attack 11: leaves in another order, another place or after another start have another head', async () => {
  const [one, two, three] = [random(32), random(32), random(32)]
  const whole = (await extendLog(null, 0, [one, two, three]))!
  const heads = [
    await extendLog(null, 0, [two, one, three]),
    await extendLog(null, 1, [one, two, three]),
    await extendLog(null, 0, [two, three]),
    await extendLog(null, 0, [three]),
    await extendLog(random(32), 2, [three]),
  ]
  expect(new Set([whole, ...heads].map((head) => toB64(head!))).size).toBe(6)
  expect(await extendLog(await extendLog(null, 0, [one]), 1, [two, three])).toEqual(whole)
})
