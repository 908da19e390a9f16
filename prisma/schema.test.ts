/** The migrated database against schema.prisma, and against what every tenant table must have. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { withClient } from '../scripts/stack/postgres.ts'
import { testDb } from '../lib/server/testing.ts'

const { admin, urls } = testDb()
const text = readFileSync(new URL('./schema.prisma', import.meta.url), 'utf8')

const enums = new Map(
  [...text.matchAll(/^enum (\w+) \{([^}]*)\}/gm)].map(([, name, body]) => [
    name!,
    {
      type: /@@map\("(\w+)"\)/.exec(body!)?.[1] ?? name!,
      values: body!
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => /^\w+$/.test(line)),
    },
  ]),
)
const models = [...text.matchAll(/^model (\w+) \{([\s\S]*?)^\}/gm)].map(([, name, body]) => ({
  name: name!,
  table: /@@map\("(\w+)"\)/.exec(body!)?.[1] ?? name!,
  lines: body!
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^\w/.test(line)),
}))
const modelNames = new Set(models.map((model) => model.name))

const plain: Record<string, string> = {
  String: 'text',
  Int: 'integer',
  Boolean: 'boolean',
  DateTime: 'timestamp(3) without time zone',
  Bytes: 'bytea',
  Json: 'jsonb',
  BigInt: 'bigint',
}

/** A column as format_type names it, from a line of the schema; null for a relation. */
function column(line: string): { name: string; type: string; required: boolean } | null {
  const [name, type] = line.split(/\s+/) as [string, string]
  const bare = type.replace(/[?[\]]/g, '')
  if (modelNames.has(bare)) return null
  const length = /@db\.VarChar\((\d+)\)/.exec(line)?.[1]
  const native = length
    ? `character varying(${length})`
    : /@db\.Uuid/.test(line)
      ? 'uuid'
      : /@db\.Date\b/.test(line)
        ? 'date'
        : /@db\.Timestamptz/.test(line)
          ? 'timestamp(3) with time zone'
          : (enums.get(bare)?.type ?? plain[bare] ?? bare)
  return {
    name: /@map\("(\w+)"\)/.exec(line)?.[1] ?? name,
    type: native + (type.endsWith('[]') ? '[]' : ''),
    required: !type.endsWith('?'),
  }
}

const live = () =>
  admin<{ table: string; name: string; type: string; required: boolean }>(`
    SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
      AND c.relname <> '_prisma_migrations'`)

describe('the live schema', () => {
  it('has the columns of schema.prisma and no others', async () => {
    const wanted = models.flatMap((model) =>
      model.lines.flatMap((line) => {
        const found = column(line)
        return found ? [{ table: model.table, ...found }] : []
      }),
    )
    const key = (each: { table: string; name: string; type: string; required: boolean }) =>
      `${each.table}.${each.name} ${each.type}${each.required ? ' not null' : ''}`
    expect((await live()).map(key).sort()).toEqual(wanted.map(key).sort())
  })

  it('has the enums of schema.prisma', async () => {
    const rows = await admin<{ type: string; values: string[] }>(`
      SELECT t.typname AS type, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS values
      FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
      WHERE t.typnamespace = 'public'::regnamespace GROUP BY 1`)
    expect(Object.fromEntries(rows.map((row) => [row.type, row.values]))).toEqual(
      Object.fromEntries([...enums.values()].map((each) => [each.type, each.values])),
    )
  })
})

/** Tables that belong to no clinic, with the reason. */
const shared = ['rate_limit']

describe('tenant isolation', () => {
  it('is forced on every table of a clinic', async () => {
    const rows = await admin<{ table: string; forced: boolean }>(`
      SELECT relname AS table, relrowsecurity AND relforcerowsecurity AS forced
      FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> '_prisma_migrations'`)
    expect(rows.filter((row) => !row.forced).map((row) => row.table)).toEqual(shared)
    const tenants = new Set((await live()).filter((each) => each.name === 'clinic_id').map((each) => each.table))
    expect(
      rows
        .map((row) => row.table)
        .filter((table) => !tenants.has(table))
        .sort(),
    ).toEqual(['clinic', ...shared])
  })

  it('no policy passes with no clinic set, for the app and for the owner', async () => {
    const tables = (await live()).map((each) => each.table)
    await admin(
      `INSERT INTO clinic (slug, name, time_zone, country, currency) VALUES ('one', 'One', 'UTC', 'FR', 'eur')`,
    )
    await admin(`INSERT INTO nonce (value, clinic_id, purpose, expires_at) SELECT 'n', id, 'test', now() FROM clinic`)
    for (const url of [urls().app, urls().owner])
      await withClient(url, async (client) => {
        for (const table of new Set(tables)) {
          if (shared.includes(table)) continue
          const { rows } = await client.query(`SELECT count(*)::int AS n FROM ${table}`)
          expect(`${table}: ${rows[0].n}`).toBe(`${table}: 0`)
        }
        await expect(
          client.query(
            `INSERT INTO clinic (slug, name, time_zone, country, currency) VALUES ('x', 'X', 'UTC', 'FR', 'eur')`,
          ),
        ).rejects.toThrow(/row-level security/)
      })
  })

  it('the app and the owner have no way around it', async () => {
    const rows = await admin(`
      SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname LIKE 'curtain\\_%' ORDER BY 1`)
    expect(rows.map((row) => row.rolname)).toEqual(['curtain_app', 'curtain_lookup', 'curtain_owner'])
    for (const row of rows)
      expect(row).toMatchObject({ rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false })
    const owned = await admin(`SELECT relname FROM pg_class WHERE relowner = 'curtain_app'::regrole`)
    expect(owned).toEqual([])
    const inherits = await admin(
      `SELECT 1 FROM pg_auth_members WHERE roleid = 'curtain_lookup'::regrole AND inherit_option`,
    )
    expect(inherits).toEqual([])
  })

  it('lookups run as a role that cannot log in, with a fixed search path, and answer ids', async () => {
    const rows = await admin<{ name: string; owner: string; path: string | null; returns: string; open: boolean }>(`
      SELECT p.proname AS name, pg_get_userbyid(p.proowner) AS owner, array_to_string(p.proconfig, ',') AS path,
        pg_get_function_result(p.oid) AS returns, has_function_privilege('public', p.oid, 'execute') AS open
      FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef ORDER BY 1`)
    expect(rows.length).toBeGreaterThan(5)
    for (const row of rows) {
      expect(row).toMatchObject({ owner: 'curtain_lookup', path: 'search_path=pg_catalog, pg_temp', open: false })
      const types = row.returns
        .replace(/^TABLE\(|\)$/g, '')
        .split(', ')
        .map((part) => part.split(' ').at(-1))
      // Sign-in needs the OPAQUE record before it knows the clinic; nothing else answers more than ids.
      const allowed = row.name === 'lookup_staff' ? ['uuid', 'text'] : ['uuid']
      for (const type of types) expect(allowed).toContain(type)
    }
    const policies = await admin<{ tablename: string; roles: string[]; cmd: string }>(
      `SELECT tablename, roles::text[] AS roles, cmd FROM pg_policies WHERE policyname <> 'tenant'`,
    )
    for (const policy of policies) expect(policy).toMatchObject({ roles: ['curtain_lookup'], cmd: 'SELECT' })
  })

  it('references carry the clinic', async () => {
    const rows = await admin<{ name: string; columns: string[] }>(`
      SELECT conrelid::regclass || ' → ' || confrelid::regclass AS name,
        (SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey)) AS columns
      FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace`)
    for (const row of rows) expect(`${row.name}: ${row.columns.includes('clinic_id')}`).toBe(`${row.name}: true`)
  })

  it('histories cannot be rewritten by the app', async () => {
    for (const table of ['chain_statement', 'consent_event', 'audit_entry', 'stripe_event'])
      for (const verb of ['UPDATE', 'DELETE', 'TRUNCATE']) {
        const [row] = await admin<{ may: boolean }>(`SELECT has_table_privilege('curtain_app', $1, $2) AS may`, [
          table,
          verb,
        ])
        expect(`${verb} ${table}: ${row!.may}`).toBe(`${verb} ${table}: false`)
      }
  })
})
