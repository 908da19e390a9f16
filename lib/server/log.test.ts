import { describe, expect, it } from 'vitest'
import { makeLogger, quietConsole } from './log.ts'

function capture() {
  const lines: string[] = []
  return { log: makeLogger({ write: (line: string) => void lines.push(line) }, 'debug'), lines }
}

describe('the log', () => {
  it('writes codes and ids', () => {
    const { log, lines } = capture()
    log.info({ code: 'BOOKED', appointmentId: '0f8fad5b-d9cb-469f-a165-70867728950e', ms: 12 })
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 'info',
      code: 'BOOKED',
      appointmentId: '0f8fad5b-d9cb-469f-a165-70867728950e',
      ms: 12,
    })
  })

  it('takes over the console, and drops its words', () => {
    const { log, lines } = capture()
    const before = { ...console }
    try {
      quietConsole(log)
      console.error('⨯', new Error('Jane Roe'))
      console.log('Jane Roe')
    } finally {
      Object.assign(console, before)
    }
    expect(lines.join('')).not.toContain('Jane')
    expect(lines.map((line) => JSON.parse(line).code)).toEqual(['UNCAUGHT', 'CONSOLE'])
  })

  it('drops people: unlisted fields, values that are no code or id, messages of errors however deep', () => {
    const { log, lines } = capture()
    const canary = 'Jane Roe jane@example.org'
    const cause = new TypeError(`in ${canary}`)
    const err = new Error(`value ${canary}\n    at ${canary}\nmore ${canary}`, { cause })
    log.error({
      code: 'FAILED',
      err,
      email: 'jane@example.org',
      name: canary,
      patientId: canary,
      input: { reason: canary },
    })
    log.error({ code: canary, err: canary })
    expect(lines.join('')).not.toMatch(/jane|roe/i)
    expect(JSON.parse(lines[0]!)).toMatchObject({
      code: 'FAILED',
      dropped: true,
      err: { type: 'Error', cause: { type: 'TypeError' } },
    })
    expect(JSON.parse(lines[0]!).err.at[0]).toMatch(/log\.test\.ts:\d+/)
  })
})
