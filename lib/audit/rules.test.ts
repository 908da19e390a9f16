import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { catalogue } from '../messages/catalogue.ts'
import { csvCell, kindOf } from './rules.ts'

/** Codes as they stand in the source: what is put together at run time is listed beside. */
function codes(): string[] {
  const lib = new URL('..', import.meta.url)
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      /(flow[^/]*|confirm|settle|refund|desk|admit|hold|move|reschedule|cancel)\.ts$/.test(file) && !/test/.test(file),
  )
  const found = files.flatMap((file) => {
    const text = readFileSync(new URL(file, lib), 'utf8')
    return [
      ...text.matchAll(/(?:audit|auditOpened|auditReadings|changed)\(\s*(?:tx,\s*)?[^'`;]{0,90}?'([a-z]+\.[a-z-]+)'/g),
    ].map((match) => match[1]!)
  })
  return [
    ...new Set([
      ...found,
      ...[
        'encounter.arrive',
        'encounter.unarrive',
        'encounter.complete',
        'encounter.miss',
        'recall.invited',
        'recall.declined',
      ],
    ]),
  ]
}

describe('the log in words', () => {
  it('has words for every code that is written', () => {
    const found = codes()
    expect(found.length).toBeGreaterThan(30)
    const told = Object.keys(catalogue.en.audit.action)
    expect(found.map((code) => code.replaceAll('.', '_')).filter((code) => !told.includes(code))).toEqual([])
  })

  it.each([
    ['encounter.opened', null, 'reading'],
    ['encounter.note-saved', null, 'writing'],
    ['patient.exported', null, 'exporting'],
    ['access.vouched', null, 'granting'],
    ['access.roles-changed', null, 'granting'],
    ['emergency.approved', null, 'granting'],
    ['emergency.opened', null, 'reading'],
    ['encounter/open', 'NOT_ALLOWED', 'refusing'],
  ])('%s, refused for %s, is %s', (action, refused, kind) => expect(kindOf({ action, refused })).toBe(kind))

  it('a cell that a spreadsheet would reckon with stays text', () => {
    expect(['=1+1', '+1', '-1', '@a', 'a "b"', 'a,b'].map(csvCell)).toEqual([
      ...['"\'=1+1"', '"\'+1"', '"\'-1"', '"\'@a"', '"a ""b"""', '"a,b"'],
    ])
  })
})
