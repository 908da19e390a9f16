// What every part of the seed shares: where the app is, whose clinic it is, and a way to move rows in time.
import pg from 'pg'
import { addDays, dayIn } from '../lib/time.ts'
import type { Browser } from './seed-client.ts'
import { clinic } from './seed-data.ts'
import type { Visit } from './seed-visits.ts'

export const base = new URL(process.env.BASE_URL ?? process.env.APP_ORIGIN ?? '').origin
export const home = process.env.CURTAIN_HOME ?? '.curtain'
export const now = new Date()
export const say = (text: string) => process.stdout.write(`  ${text}\n`)
export const secret = () => Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url')

/** The app's role, bound to one clinic: what moves appointments in time, which no door does. */
export const database = new pg.Client({ connectionString: process.env.DATABASE_URL })
export async function sql(clinicId: string, text: string, values: unknown[]) {
  await database.query('BEGIN')
  await database.query(`SELECT set_config('app.clinic', $1, true)`, [clinicId])
  await database.query(text, values)
  await database.query('COMMIT')
}

export interface Opened {
  clinicId: string
  rootFingerprint: string
  desk: Browser
  practitioners: { browser: Browser; memberId: string; name: string; title: string }[]
  memberIds: string[]
}

export interface Shop {
  ids: Map<string, string>
  consentId: string
}

export function whenOf({ at }: Visit): Date | null {
  if (!at) return null
  if ('minutes' in at) return new Date(Math.ceil(now.getTime() / 60_000 + at.minutes) * 60_000)
  const day = addDays(dayIn(clinic.timeZone, now), at.days)
  // The clinic's wall clock, near enough for a past that is made up: its offset of today.
  const offset =
    new Date(now.toLocaleString('en-US', { timeZone: clinic.timeZone })).getTime() -
    new Date(now.toLocaleString('en-US', { timeZone: 'UTC' })).getTime()
  return new Date(new Date(`${day}T${at.hour}:00Z`).getTime() - offset)
}
