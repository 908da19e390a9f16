import { describe, expect, it } from 'vitest'
import { refuse } from '../errors.ts'
import { db } from './db.ts'
import { testDb } from './testing.ts'
import { inClinic, inNoClinic } from './tx.ts'

const { admin } = testDb()

const clinic = async (slug: string) => {
  const [row] = await admin<{ id: string }>(
    `INSERT INTO clinic (slug, name, time_zone, country, currency) VALUES ($1, $1, 'UTC', 'FR', 'EUR') RETURNING id`,
    [slug],
  )
  return row!.id
}

describe('a transaction in a clinic', () => {
  it('sees its own rows, and none of another clinic or of no clinic', async () => {
    const [a, b] = [await clinic('a'), await clinic('b')]
    expect(await inClinic(a, (tx) => tx.clinic.findMany({ select: { id: true } }))).toEqual([{ id: a }])
    expect(await inClinic(a, (tx) => tx.clinic.findUnique({ where: { id: b } }))).toBeNull()
    expect(await inNoClinic((tx) => tx.clinic.findMany())).toEqual([])
    // The setting ends with the transaction: the pooled connection it ran on shows nothing afterwards.
    expect(await db().clinic.findMany()).toEqual([])
  })

  it('keeps forty clinics apart at once on a few connections', async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, (_, i) => clinic(`many-${i}`)))
    const seen = await Promise.all(ids.map((id) => inClinic(id, (tx) => tx.clinic.findMany({ select: { id: true } }))))
    expect(seen).toEqual(ids.map((id) => [{ id }]))
  })

  it('is rolled back by a refusal, unless asked to keep', async () => {
    const id = await clinic('refused')
    const name = () => inClinic(id, async (tx) => (await tx.clinic.findUnique({ where: { id } }))?.name)
    const write = (tx: Parameters<Parameters<typeof inClinic>[1]>[0], to: string) =>
      tx.clinic.update({ where: { id }, data: { name: to } })
    const refused = await inClinic(id, async (tx) => (await write(tx, 'half-done'), refuse('STALE')))
    expect(refused).toEqual({ ok: false, code: 'STALE' })
    expect(await name()).toBe('refused')
    await inClinic(id, async (tx) => (await write(tx, 'kept'), refuse('STALE')), { keepRefused: true })
    expect(await name()).toBe('kept')
  })

  it('runs again after a serialization failure', async () => {
    const id = await clinic('racing')
    const bump = () =>
      inClinic(
        id,
        async (tx) => {
          const { holdMinutes } = await tx.clinic.findUniqueOrThrow({ where: { id } })
          await tx.clinic.update({ where: { id }, data: { holdMinutes: holdMinutes + 1 } })
        },
        { isolation: 'Serializable' },
      )
    await Promise.all([bump(), bump(), bump()])
    const [row] = await admin<{ hold_minutes: number }>('SELECT hold_minutes FROM clinic WHERE id = $1', [id])
    expect(row!.hold_minutes).toBe(13)
  })
})
