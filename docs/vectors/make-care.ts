/** Writes care.json: who helps a patient, and what ended it (`node docs/vectors/make-care.ts`). */
import { writeFileSync } from 'node:fs'
import { serverEnd } from '../../lib/care/rules.ts'
import { type Bytes, labelledHash, toB64, utf8 } from '../../lib/crypto/bytes.ts'
import { type Care, type CareTerms, encodeCare, signCare, signCareEnding } from '../../lib/crypto/care.ts'
import { importKeys, type Keys } from '../../lib/crypto/keys.ts'

const clinicId = '5b1c6f0e-0000-4000-8000-000000000001'
const [child, adult] = ['5b1c6f0e-0000-4000-8000-000000000002', '5b1c6f0e-0000-4000-8000-000000000007']
const secret = (name: string): Promise<Bytes> => labelledHash('vector', utf8(name))
const keysOf = async (name: string) => importKeys({ sign: await secret(`${name} sign`), dh: await secret(`${name} dh`) })
const names = ['mother', 'father', 'sitter', 'stranger', 'patient', 'son'] as const
const people = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await keysOf(name)]))) as Record<
  (typeof names)[number],
  Keys
>
const since = '2026-11-21T10:00:00.000Z'
const birthday = { kind: 'age', age: 18, on: '2030-03-05' } as const

async function said(patientId: string, from: Keys, to: Keys, given: Omit<CareTerms, 'since'>) {
  const care: Care = { clinicId, patientId, terms: { ...given, since }, from: from.public, to: to.public }
  const halves = { from: await signCare(care, from.sign.privateKey), to: await signCare(care, to.sign.privateKey) }
  const { end, ...terms } = given
  const says = { ...terms, end: { kind: end.kind, age: end.kind === 'age' ? end.age : 0, day: end.kind === 'open' ? '' : end.on } }
  return { patientId, says, until: serverEnd(end), bytes: toB64(encodeCare(care, halves)) }
}
const { mother, father, sitter, stranger, patient, son } = people
const guardian = { role: 'guardian', end: birthday } as const
const carer = { role: 'carer', end: { kind: 'open' } } as const
const aMother = { ...guardian, careId: 'mother', relation: 'mother', name: 'Rosa Quill' }
const aSon = { role: 'carer', careId: 'son', relation: 'son', name: 'Noel Lind', end: { kind: 'date', on: '2026-12-24' } } as const
const statements = {
  mother: await said(child, mother, mother, aMother),
  father: await said(child, mother, father, { ...guardian, careId: 'father', relation: 'father', name: 'Per Quill' }),
  sitter: await said(child, father, sitter, { ...carer, careId: 'sitter', relation: 'other', name: 'Ida Holm' }),
  /** A carer lets nobody in: signed as it should be, and no help. */
  friend: await said(child, sitter, stranger, { ...carer, careId: 'friend', relation: 'other', name: 'Jo Vane' }),
  son: await said(adult, patient, son, aSon),
}
/** Signed by both, and refused for what they say. */
const refused = await Promise.all(
  [
    { ...aMother, end: { kind: 'open' } as const },
    { ...aMother, end: { kind: 'date', on: '2030-03-05' } as const },
    { ...aMother, end: { kind: 'age', age: 19, on: '2031-03-05' } as const },
    { ...aSon, end: { kind: 'date', on: '2026-13-40' } as const },
  ].map(async (terms) => {
    const both = terms.careId === 'mother' ? ([child, mother, mother] as const) : ([adult, patient, son] as const)
    const care: Care = {
      ...{ clinicId, patientId: both[0], terms: { ...terms, since } },
      ...{ from: both[1].public, to: both[2].public },
    }
    const halves = {
      from: await signCare(care, both[1].sign.privateKey),
      to: await signCare(care, both[2].sign.privateKey),
    }
    return { patientId: both[0], bytes: toB64(encodeCare(care, halves)) }
  }),
)
const endedAt = '2026-12-01T08:00:00.000Z'
const ending = async (patientId: string, careId: string, by: Keys) =>
  toB64(await signCareEnding({ clinicId, patientId, careId, endedAt, signer: by.public.sign }, by.sign.privateKey))

writeFileSync(
  new URL('care.json', import.meta.url),
  `${JSON.stringify(
    {
      ...{ clinicId, since, endedAt, statements, refused },
      keys: Object.fromEntries(
        names.map((name) => [name, [toB64(people[name].public.sign), toB64(people[name].public.dh)]]),
      ),
      endings: {
        byPatient: await ending(adult, 'son', patient),
        byHelper: await ending(adult, 'son', son),
        byStranger: await ending(adult, 'son', stranger),
        ofFather: await ending(child, 'father', mother),
      },
    },
    null,
    1,
  )}\n`,
)
