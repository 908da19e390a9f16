import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
// @ts-expect-error a plain script without types
import { ledger, readSchema } from './ledger.mjs'

const schema = readFileSync(new URL('../prisma/schema.prisma', import.meta.url), 'utf8')

describe('ledger', () => {
  it('docs/ledger.md is what the schema says', () => {
    expect(readFileSync(new URL('../docs/ledger.md', import.meta.url), 'utf8')).toBe(ledger(readSchema(schema)))
  })

  it('refuses a column that does not say who sees it', () => {
    expect(() => readSchema('model A {\n  name String\n}')).toThrow(/A\.name does not say/)
  })

  it('refuses a class that it does not know', () => {
    expect(() => readSchema('model A {\n  /// @sees someone: why\n  name String\n}')).toThrow(/no known class/)
  })

  it('every clinical column holds bytes', () => {
    const clinical = readSchema(schema).flatMap((m: { columns: { class: string; type: string }[] }) =>
      m.columns.filter((c) => c.class === 'clinical'),
    )
    expect(clinical.length).toBeGreaterThan(0)
    for (const column of clinical) expect(column.type).toBe('Bytes')
  })
})
