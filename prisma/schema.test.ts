// The database as the migrations make it, against schema.prisma and against the promises about tenants.
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import pg from 'pg'
import { migrate } from './migrate.ts'
import { testDb } from '@/lib/server/testing'

const { admin, urls } = testDb()
const schema = readFileSync(new URL('./schema.prisma', import.meta.url), 'utf8')

interface Column {
  table: string
  name: string
  type: string
  nullable: boolean
}

const enums = Object.fromEntries(
  [...schema.matchAll(/^enum (\w+) \{([^}]+)\}/gm)].map(([, name, body]) => [
    name!,
    {
      type: /@@map\("(\w+)"\)/.exec(body!)![1]!,
      values: body!
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => /^\w+$/.test(line)),
    },
  ]),
)
const models = [...schema.matchAll(/^model (\w+) \{\n([^]+?)^\}/gm)].map(([, name, body]) => ({
  name: name!,
  body: body!,
}))
const tableOf = (body: string) => /@@map\("(\w+)"\)/.exec(body)![1]!

const native: Record<string, string> = {
  String: 'text',
  Int: 'integer',
  BigInt: 'bigint',
  Boolean: 'boolean',
  Bytes: 'bytea',
  Json: 'jsonb',
}
const attributes: Record<string, string> = {
  Uuid: 'uuid',
  'Timestamptz(3)': 'timestamp(3) with time zone',
  Date: 'date',
  'VarChar(255)': 'character varying(255)',
}

/** The columns that schema.prisma describes; relations have none of their own. */
function described(): Column[] {
  const isModel = (type: string) => models.some((model) => model.name === type)
  return models.flatMap(({ body }) =>
    body
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => /^\w/.test(line))
      .flatMap((line): Column[] => {
        const [field = '', given = ''] = line.split(/\s+/)
        const base = given.replace(/[?[\]]/g, '')
        if (isModel(base)) return []
        const attribute = /@db\.(\w+(?:\(\d+\))?)/.exec(line)?.[1]
        const scalar = attribute ? attributes[attribute] : (enums[base]?.type ?? native[base])
        if (!scalar) throw new Error(`no SQL type known for ${line}`)
        const name = /(?<!@)@map\("(\w+)"\)/.exec(line)?.[1] ?? field
        return [
          {
            table: tableOf(body),
            name,
            type: given.endsWith('[]') ? `${scalar}[]` : scalar,
            nullable: given.endsWith('?'),
          },
        ]
      }),
  )
}

const actual = () =>
  admin<Column & Record<string, unknown>>(`
    SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
      AND c.relname <> '_prisma_migrations'`)

const sorted = (columns: Column[]) =>
  columns.map((c) => `${c.table}.${c.name} ${c.type}${c.nullable ? ' null' : ''}`).sort()

describe('the migrated database', () => {
  it('has the tables and columns of schema.prisma, and no other', async () => {
    expect(sorted(await actual())).toEqual(sorted(described()))
  })

  it('has its enums', async () => {
    const rows = await admin<{ type: string; values: string[] }>(`
      SELECT t.typname AS type, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS values
      FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid WHERE t.typnamespace = 'public'::regnamespace GROUP BY 1`)
    const by = (a: { type: string }, b: { type: string }) => (a.type < b.type ? -1 : 1)
    expect(rows.sort(by)).toEqual(Object.values(enums).sort(by))
  })

  it('records its migrations as Prisma does', async () => {
    const rows = await admin(
      'SELECT migration_name, applied_steps_count, finished_at IS NOT NULL AS done, length(checksum) AS bits FROM _prisma_migrations',
    )
    expect(rows.length).toBeGreaterThan(1)
    for (const row of rows) expect(row).toMatchObject({ applied_steps_count: 1, done: true, bits: 64 })
  })
})

describe('migrating', () => {
  it('a second time changes nothing, also when two start at once', async () => {
    expect(await Promise.all([migrate(urls().owner), migrate(urls().owner)])).toEqual([[], []])
  })

  it('refuses a migration that was changed after it was applied', async () => {
    await admin(`UPDATE _prisma_migrations SET checksum = repeat('0', 64) WHERE migration_name = '0001_init'`)
    await expect(migrate(urls().owner)).rejects.toThrow('migration 0001_init was changed after it was applied')
  })
})

// Not a tenant's: what may be seen without a clinic.
const shared = ['_prisma_migrations', 'rate_limit', 'stripe_account_read', 'pair_message']

describe('attack 17: tenants', () => {
  let tenantTables: string[] = []
  beforeAll(async () => {
    const rows = await admin<{ table: string }>(
      `SELECT relname AS table FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`,
    )
    tenantTables = rows.map((row) => row.table).filter((table) => !shared.includes(table))
  })

  const asApp = async <T>(body: (client: pg.Client) => Promise<T>) => {
    const client = new pg.Client({ connectionString: urls().app })
    await client.connect()
    try {
      return await body(client)
    } finally {
      await client.end()
    }
  }

  it('every tenant table forces row-level security, on its owner too', async () => {
    const rows = await admin<{ relname: string }>(
      `SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity AND relnamespace = 'public'::regnamespace`,
    )
    expect(rows.map((row) => row.relname).sort()).toEqual([...tenantTables].sort())
  })

  it('the app is neither owner nor superuser, and bypasses nothing; the owner is no superuser', async () => {
    const rows = await admin(
      `SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname LIKE 'curtain_%' ORDER BY 1`,
    )
    expect(rows).toHaveLength(3)
    for (const row of rows) expect(row).toMatchObject({ rolsuper: false, rolbypassrls: false, rolcreaterole: false })
    const owners = await admin<{ owner: string }>(
      `SELECT DISTINCT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
    )
    expect(owners).toEqual([{ owner: 'curtain_owner' }])
  })

  // Defence: each table's own policy. The next test looks at rows, and most tables have none there.
  it('every policy of the app and the owner is the one of its clinic, for reading and for writing', async () => {
    const rows = await admin<{ table: string; roles: string; reads: string; writes: string }>(
      `SELECT tablename AS table, roles::text, qual AS reads, with_check AS writes FROM pg_policies
       WHERE schemaname = 'public' AND NOT roles = '{curtain_lookup}'`,
    )
    expect(rows.map((row) => row.table).sort()).toEqual([...tenantTables].sort())
    for (const { table, reads, writes } of rows) {
      const column = table === 'clinic' ? 'id' : 'clinic_id'
      expect([table, reads, writes]).toEqual([table, ...Array<string>(2).fill(`(${column} = current_clinic())`)])
    }
  })

  it('no policy passes with no clinic set, and none with an empty or senseless one', async () => {
    const [row] = await admin<{ id: string }>(
      `INSERT INTO clinic (slug, name, time_zone, country, currency) VALUES ('x', 'x', 'UTC', 'FR', 'EUR') RETURNING id`,
    )
    const counts = await asApp(async (client) => {
      const all: Record<string, number[]> = {}
      for (const setting of [null, '', row!.id]) {
        if (setting !== null) await client.query(`SELECT set_config('app.clinic', $1, false)`, [setting])
        for (const table of tenantTables) {
          const { rows } = await client.query(`SELECT count(*)::int AS n FROM "${table}"`)
          ;(all[table] ??= []).push(rows[0].n)
        }
      }
      return all
    })
    // With its own clinic it is there, so that the zeros before mean something.
    expect(counts.clinic).toEqual([0, 0, 1])
    for (const [table, seen] of Object.entries(counts)) expect(seen.slice(0, 2), table).toEqual([0, 0])
  })

  it('the app may neither switch roles nor change a policy', async () => {
    await asApp(async (client) => {
      for (const sql of [
        'SET ROLE curtain_owner',
        'SET ROLE curtain_lookup',
        'ALTER TABLE clinic DISABLE ROW LEVEL SECURITY',
        'ALTER TABLE clinic NO FORCE ROW LEVEL SECURITY',
        'CREATE POLICY open ON clinic USING (true)',
        'CREATE TABLE mine (x int)',
      ])
        await expect(client.query(sql), sql).rejects.toThrow(/permission denied|must be owner/)
    })
  })

  it('every function that may more than its caller has a fixed search path', async () => {
    const rows = await admin<{ proname: string; owner: string; proconfig: string[] | null }>(
      `SELECT proname, pg_get_userbyid(proowner) AS owner, proconfig FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace`,
    )
    expect(rows.length).toBeGreaterThan(5)
    for (const row of rows) {
      // Three may do more than their caller, under the same clinic's policies: two take out what a purge must, one sums entries.
      const owners = ['forget_audit_boxes', 'forget_consents', 'entry_opens'].includes(row.proname)
      expect(row.proname).toMatch(owners ? /./ : /^lookup_/)
      expect(row.owner).toBe(owners ? 'curtain_owner' : 'curtain_lookup')
      expect(row.proconfig).toEqual(['search_path=pg_catalog, pg_temp'])
    }
  })
})
