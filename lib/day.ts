import { z } from 'zod'

/** From 2000 to 2100: far enough for every visit, and near enough that no search goes on for ages. */
const isNear = (at: string) => '2000' <= at && at < '2101'

/** A local day, as 2026-11-24. */
export const Day = z.iso.date({ error: 'invalid', abort: true }).refine(isNear, { error: 'invalid' })
/** An instant in UTC, as 2026-11-24T09:00:00Z. */
export const Instant = z.iso.datetime({ abort: true }).refine(isNear, { error: 'invalid' })
