import type { CSSProperties } from 'react'

/** So many minutes of the clock, as high as they are here: `--minute` is another on paper. */
export const high = (minutes: number) => `calc(var(--minute) * ${minutes})`

/** A minute on the screen, in rem: a quarter of an hour is as high as a target must be. */
export const remPerMinute = 0.1

/** Where a box of a column is. Set by script, never written into a page: its policy has no style attributes. */
export const placeOf = ({
  top,
  bottom,
  lane = 0,
  lanes = 1,
}: {
  top: number
  bottom: number
  lane?: number
  lanes?: number
}): CSSProperties => ({
  top: high(top),
  height: high(bottom - top),
  insetInlineStart: `${(lane / lanes) * 100}%`,
  width: `${100 / lanes}%`,
})
