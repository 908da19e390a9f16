import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkCare as checkOurs, checkCareEnding as checkOurEnding } from '../../lib/crypto/care.ts'
import { fromB64 } from '../../lib/crypto/bytes.ts'
import { b64 } from './reader-base.ts'
import { checkCare, checkCareEnding, holds, serverEnd } from './reader-care.ts'

interface Vector {
  patientId: string
  bytes: string
  until: string | null
  says: { careId: string; role: string; relation: string; name: string; end: unknown }
}
const vectors = JSON.parse(readFileSync(new URL('care.json', import.meta.url), 'utf8')) as {
  clinicId: string
  since: string
  endedAt: string
  statements: Record<'mother' | 'father' | 'sitter' | 'friend' | 'son', Vector>
  refused: { patientId: string; bytes: string }[]
  keys: Record<string, [string, string]>
  endings: Record<'byPatient' | 'byHelper' | 'byStranger' | 'ofFather', string>
}
const { clinicId, statements, endings } = vectors
const read = ({ patientId, bytes }: Pick<Vector, 'patientId' | 'bytes'>) => checkCare(clinicId, patientId, b64(bytes))
const keys = (name: string): [Buffer, Buffer] => [b64(vectors.keys[name]![0]), b64(vectors.keys[name]![1])]
const [child, adult] = [statements.mother.patientId, statements.son.patientId]

describe('who helps a patient', () => {
  test('is read as it was signed, by both readers', async () => {
    for (const each of Object.values(statements)) {
      const { id, role, relation, name, end, since } = read(each)
      expect({ careId: id, role, relation, name, end }).toEqual(each.says)
      expect(since).toBe(vectors.since)
      expect(serverEnd(read(each))).toBe(each.until)
      const ours = await checkOurs(clinicId, each.patientId, fromB64(each.bytes))
      expect(ours.terms).toMatchObject({ careId: id, role, relation, name, since })
    }
  })

  test('is refused with any bit changed, for another patient, and in terms that are none', async () => {
    const bytes = b64(statements.father.bytes)
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes)
      altered[at]! ^= 1
      expect(() => checkCare(clinicId, child, altered), `byte ${at}`).toThrow()
    }
    expect(() => checkCare(clinicId, adult, bytes)).toThrow(/another patient/)
    expect(() => checkCare('another', child, bytes)).toThrow(/another patient/)
    // Ours: either signature alone, and each of the terms; both stand over the whole.
    for (const at of [bytes.length - 1, bytes.length - 67, 40, 90, 120]) {
      const altered = Buffer.from(bytes)
      altered[at]! ^= 1
      await expect(checkOurs(clinicId, child, new Uint8Array(altered)), `byte ${at}`).rejects.toThrow()
    }
    await expect(checkOurs(clinicId, adult, new Uint8Array(bytes))).rejects.toThrow()
    expect(vectors.refused).toHaveLength(4)
    for (const each of vectors.refused) {
      expect(() => read(each)).toThrow(/unsupported/)
      await expect(checkOurs(clinicId, each.patientId, fromB64(each.bytes))).rejects.toThrow()
    }
  })

  test('holds from the patient’s key on, through guardians, until the day', () => {
    const all = (['mother', 'father', 'sitter', 'friend'] as const).map((name) => read(statements[name]))
    const at = (now: string, own = [keys('mother')]) => all.map((each) => holds(each, all, [], own, now))
    expect(at('2026-11-22')).toEqual([true, true, true, false])
    expect(at('2030-03-04T23:59:59Z')).toEqual([true, true, true, false])
    // The sitter's own has no end: it ends with who let the sitter in.
    expect(at('2030-03-05T00:00:00Z')).toEqual([false, false, false, false])
    expect(at('2026-11-22', [keys('stranger')])).toEqual([false, false, false, false])
    const ended = checkCareEnding(clinicId, child, b64(endings.ofFather))
    expect(all.map((each) => holds(each, all, [ended], [keys('mother')], '2026-12-02'))).toEqual([true, false, false, false])
  })
})

describe('an ending', () => {
  const son = read(statements.son)
  const after = (bytes: string) => holds(son, [son], [checkCareEnding(clinicId, adult, b64(bytes))], [keys('patient')], '2026-12-02')
  test('counts of the patient, and of who helps, and of nobody else', async () => {
    expect(holds(son, [son], [], [keys('patient')], '2026-12-02')).toBe(true)
    expect([after(endings.byPatient), after(endings.byHelper), after(endings.byStranger)]).toEqual([false, false, true])
    expect(checkCareEnding(clinicId, adult, b64(endings.byPatient))).toMatchObject({ care: 'son', at: vectors.endedAt })
    expect(await checkOurEnding(clinicId, adult, fromB64(endings.byPatient))).toMatchObject({ careId: 'son' })
  })
  test('is refused with any bit changed, and for another patient', async () => {
    const bytes = b64(endings.byPatient)
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes)
      altered[at]! ^= 1
      expect(() => checkCareEnding(clinicId, adult, altered), `byte ${at}`).toThrow()
      await expect(checkOurEnding(clinicId, adult, new Uint8Array(altered)), `byte ${at}`).rejects.toThrow()
    }
    expect(() => checkCareEnding(clinicId, child, bytes)).toThrow(/another patient/)
  })
})
