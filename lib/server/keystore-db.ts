import 'server-only'
import type pg from 'pg'
import type { Bytes } from './gcm.ts'
import { checkName, type KeyStore, type OuterKeyName, type StoredKey } from './keystore-port.ts'

/** The whole of that database. Its role needs nothing in the other one, and the other's role nothing here. */
const schema = `CREATE TABLE IF NOT EXISTS outer_key (
  clinic_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  class text NOT NULL,
  kek text NOT NULL,
  wrapped bytea NOT NULL,
  PRIMARY KEY (clinic_id, patient_id, class)
) WITH (fillfactor = 50)`

const at = 'clinic_id = $1 AND patient_id = $2 AND class = $3'
const keyOf = (name: OuterKeyName) => {
  checkName(name)
  return [name.clinicId, name.patientId, name.class]
}
const page = 500

/** A second database, for more machines than one. It makes its table itself. */
export function databaseKeyStore(pool: pg.Pool): KeyStore {
  // Two that start at once: one waits for the other.
  const ready = async () => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      await client.query(`SELECT pg_advisory_xact_lock(hashtext('outer_key'))`)
      await client.query(schema)
      await client.query('COMMIT')
    } finally {
      client.release()
    }
  }
  let made: Promise<void> | null = null
  const query = async <Row extends pg.QueryResultRow>(sql: string, values: unknown[]) => {
    made ??= ready().catch((error) => {
      made = null
      throw error
    })
    await made
    return (await pool.query<Row>(sql, values)).rows
  }
  return {
    async find(name) {
      const [row] = await query<{ kek: string; wrapped: Buffer }>(
        `SELECT kek, wrapped FROM outer_key WHERE ${at}`,
        keyOf(name),
      )
      return row ? { kek: row.kek, wrapped: new Uint8Array(row.wrapped) as Bytes } : null
    },
    async add(name, { kek, wrapped }: StoredKey) {
      await query('INSERT INTO outer_key VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING', [
        ...keyOf(name),
        kek,
        Buffer.from(wrapped),
      ])
    },
    async replace(name, { kek, wrapped }) {
      await query(`UPDATE outer_key SET kek = $4, wrapped = $5 WHERE ${at}`, [
        ...keyOf(name),
        kek,
        Buffer.from(wrapped),
      ])
    },
    async remove(name) {
      await query(`DELETE FROM outer_key WHERE ${at}`, keyOf(name))
    },
    async *notUnder(kek) {
      let after: string[] = ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000', '']
      for (;;) {
        const rows = await query<{ clinic_id: string; patient_id: string; class: string }>(
          `SELECT clinic_id, patient_id, class FROM outer_key
           WHERE kek <> $4 AND (clinic_id, patient_id, class) > ($1, $2, $3)
           ORDER BY clinic_id, patient_id, class LIMIT ${page}`,
          [...after, kek],
        )
        for (const row of rows) yield { clinicId: row.clinic_id, patientId: row.patient_id, class: row.class }
        const last = rows.at(-1)
        if (!last || rows.length < page) return
        after = [last.clinic_id, last.patient_id, last.class]
      }
    },
  }
}
