// Applies prisma/migrations/*/migration.sql in order and records them in _prisma_migrations exactly as Prisma does, so that
// a self-hoster can go on with `prisma migrate deploy`. Then installs the job queue's schema. Runs as the owner role.
import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { Umzug, type UmzugStorage } from 'umzug'

const folder = join(dirname(fileURLToPath(import.meta.url)), 'migrations')

const bookkeeping = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`

const read = (name: string) => readFileSync(join(folder, name, 'migration.sql'), 'utf8')
const checksum = (sql: string) => createHash('sha256').update(sql).digest('hex')

const storage = (client: pg.Client): UmzugStorage => ({
  // The row is written inside the migration's own transaction, below.
  logMigration: async () => undefined,
  unlogMigration: async () => {
    throw new Error('migrations only go forward')
  },
  async executed() {
    const { rows } = await client.query<{ migration_name: string; checksum: string }>(
      'SELECT migration_name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY started_at',
    )
    for (const row of rows) {
      // An applied file that changed would leave two installations with different schemas under one name.
      if (checksum(read(row.migration_name)) !== row.checksum)
        throw new Error(`migration ${row.migration_name} was changed after it was applied`)
    }
    return rows.map((row) => row.migration_name)
  },
})

/** Brings the database to this release. Answers the names of the migrations applied now. */
export async function migrate(ownerUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    // Two starts at once migrate one after the other.
    await client.query(`SELECT pg_advisory_lock(hashtext('curtain migrate'))`)
    await client.query(bookkeeping)
    const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const umzug = new Umzug({
      migrations: names
        .map((entry) => entry.name)
        .sort()
        .map((name) => ({ name, up: () => apply(client, name) })),
      storage: storage(client),
      logger: undefined,
    })
    const applied = await umzug.up()
    await installJobs(ownerUrl, client)
    return applied.map((migration) => migration.name)
  } finally {
    await client.end()
  }
}

async function apply(client: pg.Client, name: string) {
  const sql = read(name)
  const started = new Date()
  await client.query('BEGIN')
  try {
    await client.query(sql)
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, $4, now(), 1)`,
      [randomUUID(), checksum(sql), name, started],
    )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw new Error(`migration ${name} failed: ${(error as Error).message}`, { cause: error })
  }
}

/** pg-boss's own tables: made by the owner, used by the app. */
async function installJobs(ownerUrl: string, client: pg.Client) {
  const boss = new PgBoss({ connectionString: ownerUrl, supervise: false, schedule: false, max: 1 })
  boss.on('error', () => undefined)
  await boss.start()
  await boss.stop({ graceful: false })
  await client.query(`
    GRANT USAGE ON SCHEMA pgboss TO curtain_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgboss TO curtain_app;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA pgboss TO curtain_app;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgboss TO curtain_app`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.env.DATABASE_OWNER_URL_FILE
  const url = process.env.DATABASE_OWNER_URL ?? (file ? readFileSync(file, 'utf8').trim() : '')
  if (!url) throw new Error('DATABASE_OWNER_URL is not set')
  const applied = await migrate(url)
  console.log(applied.length ? `Applied ${applied.join(', ')}.` : 'The database is up to date.')
}
