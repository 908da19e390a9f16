// What is in the database, so that a test can say that nothing changed, or what a thief would find there.
import type { TestStack } from './stack.ts'

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

async function tablesOf(stack: Pick<TestStack, 'sql'>) {
  const rows = await stack.sql<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2`,
  )
  return rows.map(({ schema, name }) => `${quote(schema)}.${quote(name)}`)
}

// Attempts are counted whatever comes of them, and a session says when it was last used.
const leftOut = /"rate_limit"|"pgboss"\."(schedule|version|queue|bam|warning|subscription)"/

/** Every table's rows as one number each; no value is in it, so that a failure prints none. */
export async function snapshotOf(stack: Pick<TestStack, 'sql'>): Promise<Record<string, string>> {
  const tables = (await tablesOf(stack)).filter((table) => !leftOut.test(table))
  const rows = await stack.sql<{ name: string; rows: string; hash: string | null }>(
    tables
      .map(
        (table) =>
          `SELECT '${table}' AS name, count(*) AS rows, md5(string_agg(h, '' ORDER BY h)) AS hash
           FROM (SELECT md5((to_jsonb(t) - 'last_seen_at')::text) AS h FROM ${table} t) AS hashed`,
      )
      .join(' UNION ALL '),
  )
  return Object.fromEntries(rows.map((row) => [row.name, `${row.rows} rows, ${row.hash}`]))
}

/** Every table as text and as bytes: what a dump would hold. */
export async function dumpOf(stack: Pick<TestStack, 'sql'>): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  for (const table of await tablesOf(stack)) {
    const rows = await stack.sql<Record<string, unknown>>(`SELECT * FROM ${table}`)
    const parts = rows.flatMap((row) =>
      Object.values(row).map((value) =>
        Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'object' ? JSON.stringify(value) : String(value)),
      ),
    )
    found.set(table, Buffer.concat(parts.flatMap((part) => [part, Buffer.from('\n')])))
  }
  return found
}
