import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { beginVersion, destroyVersions, kekOf, ringFile, ringState } from './keks.ts'
import { openField, rewrapField, sealField } from './kms.ts'
import { testEnv } from './testing.ts'

const dir = mkdtempSync(join(tmpdir(), 'keks-'))
beforeAll(() => void Object.assign(process.env, testEnv(dir)))
const place = 'member.email|clinic|member'

describe('a ring of KEKs', () => {
  it('opens by both versions while one follows the other, and by the newer alone once the older is destroyed', async () => {
    const before = await sealField('old@example.org', place)
    const { current: old } = await ringState('field')
    const now = new Date('2030-01-02T03:00:00Z')
    const next = await beginVersion('field', now)
    expect(next).toEqual({ current: expect.not.stringMatching(`^${old}$`) as string, since: now, old: [old] })
    expect(await openField(before, place)).toBe('old@example.org')
    const after = await rewrapField(before, place)
    await expect(rewrapField(before, 'member.email|clinic|another')).rejects.toThrow()
    // The text itself is carried over as it was.
    expect(Buffer.from(after.subarray(-20))).toEqual(Buffer.from(before.subarray(-20)))
    await expect(destroyVersions('field', [next.current])).rejects.toThrow(TypeError)
    await destroyVersions('field', [old])
    expect(await openField(after, place)).toBe('old@example.org')
    // Defence: `load` in keks.ts looks at the file each time; this process had the old KEK in memory.
    await expect(openField(before, place)).rejects.toMatchObject({ code: 'KEK_GONE' })
    await expect(kekOf('field', 'toString')).rejects.toMatchObject({ code: 'KEK_GONE' })
    expect(readFileSync(ringFile('field'), 'utf8')).not.toContain(old)
    // Neither the file that was nor half of a new one is left beside it.
    expect(readdirSync(join(dir, 'keys')).sort()).toEqual(['kek.json', 'root.key'])
  })

  it('is one for fields and another for the key store, elsewhere', async () => {
    await ringState('store')
    expect(existsSync(join(dir, 'store-kek', 'store-kek.json'))).toBe(true)
    await expect(kekOf('store', (await ringState('field')).current)).rejects.toMatchObject({ code: 'KEK_GONE' })
  })
})
