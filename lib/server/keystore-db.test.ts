import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import pg from 'pg'
import { withClient } from '../../scripts/stack/postgres.ts'
import { databaseKeyStore } from './keystore-db.ts'
import { outerLayerCases, patient } from './keystore-suite.ts'
import { testDb } from './testing.ts'

const { urls } = testDb()
let pool: pg.Pool

beforeAll(async () => {
  const name = `keys_${randomBytes(6).toString('hex')}`
  await withClient(urls().admin, (client) => client.query(`CREATE DATABASE ${name} OWNER curtain_owner`))
  const url = new URL(urls().owner)
  url.pathname = `/${name}`
  process.env.KEYSTORE_URL = url.href
  pool = new pg.Pool({ connectionString: url.href })
})
afterAll(() => pool.end())

describe('the outer layer, its keys in a second database', () => {
  outerLayerCases(() => databaseKeyStore(pool))

  it('makes its table, also when two start at once', async () => {
    await pool.query('DROP TABLE IF EXISTS outer_key')
    const stores = [databaseKeyStore(pool), databaseKeyStore(pool)]
    expect(await Promise.all(stores.map((store) => store.find(patient(1))))).toEqual([null, null])
  })

  it('is walked through page by page', async () => {
    const store = databaseKeyStore(pool)
    await pool.query(
      `INSERT INTO outer_key SELECT gen_random_uuid(), gen_random_uuid(), 'clinical', 'old', '\\x00' FROM generate_series(1, 1203)`,
    )
    const seen = new Set<string>()
    for await (const name of store.notUnder('new')) seen.add(name.patientId)
    expect(seen.size).toBe(1203)
  })
})
