/**
 * Cal.com's own search for the row "slots", where somebody has it: `CALCOM_DIR` names a checkout of cal.com in which `dayjs` can be
 * resolved. It is under the AGPL, and nothing of it lies here; its two files run as they are, without its error reporting.
 */
import { createRequire, registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Range {
  start: unknown
  end: unknown
}
interface DateRanges {
  buildDateRanges: (asked: object) => { dateRanges: Range[] }
  subtract: (from: Range[], taken: Range[]) => Range[]
}
type GetSlots = (asked: object) => { time: { valueOf: () => number } }[]
type Dayjs = ((at: number) => { tz: (zone: string) => unknown }) & { extend: (plugin: unknown) => void }

export interface Asked {
  zone: string
  from: Date
  until: Date
  /** Minutes of the day on these weekdays, 0 is Sunday. */
  hours: { weekdays: number[]; startMinute: number; endMinute: number }[]
  /** Milliseconds. What an appointment needs after it is part of what it meets. */
  busy: { from: number; until: number }[]
  minutes: number
}

/** Their search for one practitioner: starts in milliseconds. Null where there is no checkout. */
export async function calcom(): Promise<((asked: Asked) => number[]) | null> {
  const folder = process.env.CALCOM_DIR
  if (!folder) return null
  const require = createRequire(join(folder, 'package.json'))
  const dayjs = require('dayjs') as Dayjs
  for (const plugin of ['utc', 'timezone', 'isBetween', 'minMax']) dayjs.extend(require(`dayjs/plugin/${plugin}`))
  const source: Record<string, string> = {
    '@calcom/dayjs': `export default globalThis.calcomDayjs`,
    '@calcom/lib/dayjs': `export const getTimeZone = (at) => at.$x.$timezone`,
    '@calcom/lib/sentryWrapper': `export const withReporting = (what) => what`,
  }
  Object.assign(globalThis, { calcomDayjs: dayjs })
  registerHooks({
    resolve: (name, context, next) =>
      source[name]
        ? { url: `data:text/javascript,${encodeURIComponent(source[name])}`, shortCircuit: true }
        : next(name, context),
  })
  const load = (name: string) =>
    import(pathToFileURL(join(folder, 'packages/features/schedules/lib', `${name}.ts`)).href)
  const { buildDateRanges, subtract } = (await load('date-ranges')) as DateRanges
  const getSlots = ((await load('slots')) as { default: GetSlots }).default
  const clock = (minutes: number) => new Date(Date.UTC(1970, 0, 1, 0, minutes))
  return ({ zone, from, until, hours, busy, minutes }) => {
    const at = (time: number) => dayjs(time).tz(zone)
    const availability = hours.map(({ weekdays, startMinute, endMinute }) => ({
      ...{ days: weekdays, startTime: clock(startMinute), endTime: clock(endMinute) },
    }))
    const span = { dateFrom: at(+from), dateTo: at(+until), travelSchedules: [] }
    const { dateRanges } = buildDateRanges({ availability, timeZone: zone, ...span })
    const free = subtract(
      dateRanges,
      busy.map((each) => ({ start: at(each.from), end: at(each.until) })),
    )
    const pace = { frequency: minutes, eventLength: minutes, minimumBookingNotice: 0 }
    return getSlots({ inviteeDate: at(+from), dateRanges: free, ...pace }).map(({ time }) => time.valueOf())
  }
}
