import 'server-only'
import pg from 'pg'
import { env } from './env.ts'

/**
 * One at a time, in whichever process: a lock of the database that goes with its connection, so that a process which is killed
 * leaves none behind. `busy`: whether to wait for whoever has it, or to answer null.
 */
export async function withLock<T>(name: string, busy: 'wait' | 'leave', body: () => Promise<T>): Promise<T | null> {
  const client = new pg.Client({ connectionString: env().DATABASE_URL })
  await client.connect()
  try {
    if (busy === 'wait') await client.query('SELECT pg_advisory_lock(hashtext($1))', [name])
    else {
      const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock(hashtext($1)) AS got', [name])
      if (!rows[0]!.got) return null
    }
    return await body()
  } finally {
    await client.end()
  }
}
