import { z } from 'zod'
import type { PlacedRow } from '@/lib/schedule/rules'

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'required' })
const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
const clock = (minute: number) =>
  `${String(Math.floor(minute / 60) % 24).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
/** Midnight at the end of a day is typed as 00:00. */
const endOf = (text: string) => minutes(text) || 1440

const Span = z
  .object({ start: time, end: time, site: z.string(), walkIns: z.string() })
  .refine(({ start, end }) => minutes(start) < endOf(end), { error: 'timeOrder', path: ['end'] })

/** A practitioner's week as it is typed: seven days, each with no, one or several stretches. */
export const WeekForm = z.object({
  days: z
    .array(
      z.object({ weekday: z.number(), spans: z.array(Span).max(6) }).superRefine(({ spans }, context) => {
        spans.forEach((span, index) => {
          const clash = spans.some(
            (other, at) =>
              at < index && minutes(other.start) < endOf(span.end) && minutes(span.start) < endOf(other.end),
          )
          if (clash) context.addIssue({ code: 'custom', message: 'overlap', path: ['spans', index, 'start'] })
        })
      }),
    )
    .length(7),
})
export type WeekForm = z.infer<typeof WeekForm>

type Row = PlacedRow & { weekday: number }

export const toWeek = (rows: readonly Row[]): WeekForm => ({
  days: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({
    weekday,
    spans: rows
      .filter((row) => row.weekday === weekday)
      .sort((a, b) => a.startMinute - b.startMinute)
      .map((row) => ({
        start: clock(row.startMinute),
        end: clock(row.endMinute),
        site: row.siteId ?? '',
        walkIns: String(row.walkIns),
      })),
  })),
})

export const toRows = (week: WeekForm): Row[] =>
  week.days.flatMap(({ weekday, spans }) =>
    spans.map(({ start, end, site, walkIns }) => ({
      ...{ weekday, startMinute: minutes(start), endMinute: endOf(end) },
      siteId: site || null,
      walkIns: Number(walkIns),
    })),
  )

export const officeWeek: WeekForm = toWeek(
  [1, 2, 3, 4, 5].flatMap((weekday) => [
    { weekday, startMinute: 540, endMinute: 720, siteId: null, walkIns: 0 },
    { weekday, startMinute: 840, endMinute: 1080, siteId: null, walkIns: 0 },
  ]),
)
