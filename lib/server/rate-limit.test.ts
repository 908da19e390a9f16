import { expect, it } from 'vitest'
import { forgive, giveBack, limit } from './rate-limit.ts'
import { testDb } from './testing.ts'

const { admin } = testDb()

it('refuses past its points, shared through the database, and forgives', async () => {
  const tries = async (count: number) =>
    (
      await Promise.all(
        Array.from({ length: count }, () => limit('sign-in', 'jane@example.org', { points: 3, seconds: 60 })),
      )
    ).map((each) => each.ok)
  expect((await tries(5)).filter(Boolean)).toHaveLength(3)
  expect(await limit('sign-in', 'other@example.org', { points: 3, seconds: 60 })).toEqual({
    ok: true,
    value: { left: 2 },
  })
  const rows = await admin('SELECT * FROM rate_limit')
  expect(rows).toHaveLength(2)
  expect(JSON.stringify(rows)).not.toContain('jane')
  await forgive('sign-in', 'jane@example.org')
  expect(await tries(1)).toEqual([true])
})

it('gives back one attempt, and not the rest', async () => {
  const attempt = () => limit('sign-in-ip', '192.0.2.1', { points: 3, seconds: 60 })
  for (const left of [2, 1]) expect(await attempt()).toEqual({ ok: true, value: { left } })
  await giveBack('sign-in-ip', '192.0.2.1')
  for (const left of [1, 0]) expect(await attempt()).toEqual({ ok: true, value: { left } })
  expect(await attempt()).toMatchObject({ ok: false, code: 'TOO_MANY' })
})
