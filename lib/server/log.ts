import 'server-only'
import pino from 'pino'
import { env } from './env.ts'

// A log line carries codes and ids, never a person: any other field, and any value that does not look like a code or an id,
// is dropped before it is written. What is not listed here does not get out.
const plain = new Set([
  'code',
  'status',
  'action',
  'job',
  'queue',
  'part',
  'ms',
  'count',
  'attempt',
  'method',
  'signal',
  'node',
  'event',
  'sqlstate',
])
const allowed = (key: string) => plain.has(key) || key === 'id' || key.endsWith('Id')
const codeOrId = /^[\w:./-]{1,80}$/

function fields(given: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) {
    if (key === 'err') out.err = failure(value)
    else if (!allowed(key)) out.dropped = true
    else if (typeof value === 'number' || typeof value === 'boolean' || value === null) out[key] = value
    else if (typeof value === 'string' && codeOrId.test(value)) out[key] = value
    else out.dropped = true
  }
  return out
}

/** An error without its message, which may quote what a person typed: its class, its codes and where it was thrown. */
function failure(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  const { code } = error as { code?: unknown }
  // A stack begins with the message, which may have many lines: only lines of the form "at file:line" count as frames.
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at .*(:\d+:\d+\)?|<anonymous>\)?|native\)?)$/.test(line))
    .slice(0, 12)
  const out: Record<string, unknown> = { type: error.constructor.name, at: frames.map((line) => line.trim()) }
  if (typeof code === 'string' && codeOrId.test(code)) out.code = code
  // Only messages written by us without any value in them say so of themselves (an incomplete environment).
  if ((error as { plain?: unknown }).plain === true) out.message = error.message
  if (error.cause) out.cause = failure(error.cause)
  return out
}

type Line = Record<string, unknown> & { code: string }
const levels = ['fatal', 'error', 'warn', 'info', 'debug'] as const
type Logger = Record<(typeof levels)[number], (line: Line) => void>

export function makeLogger(destination?: pino.DestinationStream, level: string = 'info'): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
  const out = destination ? pino(options, destination) : pino(options)
  return Object.fromEntries(levels.map((each) => [each, (line: Line) => out[each](fields(line))])) as Logger
}

let logger: Logger | null = null
const current = () => (logger ??= makeLogger(undefined, env().LOG_LEVEL))

/** Each line names what happened by its code: `log.error({ code: 'MAIL_REFUSED', appointmentId })`. */
export const log: Logger = Object.fromEntries(
  levels.map((each) => [each, (line: Line) => current()[each](line)]),
) as Logger

/**
 * Sends what libraries and Next itself write to the console through the log, which drops their words: an error that escapes
 * from a page may quote a row. In development the console stays as it is.
 */
export function quietConsole(to: Logger = log): void {
  const levelOf = { error: 'error', warn: 'warn', info: 'info', log: 'info', debug: 'debug' } as const
  for (const [method, level] of Object.entries(levelOf) as [keyof typeof levelOf, (typeof levels)[number]][])
    console[method] = (...args: unknown[]) => {
      const err = args.find((arg) => arg instanceof Error)
      to[level]({ code: err ? 'UNCAUGHT' : 'CONSOLE', ...(err ? { err } : {}) })
    }
}
