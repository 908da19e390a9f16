/** 540 is 9:00, 1440 the midnight at the end. */
export const clock = (minute: number) => `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`

/** As a time field has it: 09:00; the midnight at the end of a day is 00:00. */
export const fieldTime = (minute: number) => clock(minute % 1440).padStart(5, '0')

/** Null for what is no time. `end`: midnight is the one at the end of the day. */
export function minuteOf(text: string, end = false): number | null {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? []
  if (!hours || !minutes) return null
  const minute = Number(hours) * 60 + Number(minutes)
  return end && minute === 0 ? 1440 : minute
}
