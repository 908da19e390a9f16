import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const css = readFileSync(new URL('../../app/globals.css', import.meta.url), 'utf8')
const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [
    name!,
    { light: light!, dark: dark! },
  ]),
)

const channel = (hex: string, at: number) => {
  const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}
const luminance = (hex: string) => 0.2126 * channel(hex, 1) + 0.7152 * channel(hex, 3) + 0.0722 * channel(hex, 5)
/** WCAG 2 contrast. */
function contrast(a: string, b: string) {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light! + 0.05) / (dark! + 0.05)
}

const papers = ['ground', 'surface', 'sunken']
const text = (inks: string[], on: string[]) => inks.flatMap((ink) => on.map((paper) => [ink, paper, 4.5] as const))
const shape = (inks: string[], on: string[]) => inks.flatMap((ink) => on.map((paper) => [ink, paper, 3] as const))

/** What is written on what, and what must be told from what, in components/ui. */
const pairs = [
  ...text(['ink', 'soft', 'faint', 'accent'], papers),
  ...text(['danger', 'warning', 'success', 'info'], papers),
  ...['danger', 'warning', 'success', 'info'].flatMap((tone) => text([tone, 'ink'], [`${tone}-wash`])),
  ...text(['ink', 'soft', 'accent', 'accent-deep'], ['wash']),
  ...text(['ink'], ['cloth-1', 'cloth-2']),
  ...text(['on-accent'], ['accent', 'accent-deep', 'danger']),
  ...text(['ground'], ['ink']),
  ...shape(['edge', 'accent'], papers),
  ...shape(['edge'], ['surface']),
]

test.each(['light', 'dark'] as const)('every pair of colours can be read in the %s theme', (theme) => {
  const weak = pairs
    .map(([ink, paper, least]) => ({
      pair: `${ink} on ${paper}`,
      ratio: contrast(tokens.get(ink)![theme], tokens.get(paper)![theme]),
      least,
    }))
    .filter(({ ratio, least }) => ratio < least)
  expect(weak).toEqual([])
})

test('the measure is the known one', () => {
  expect(contrast('#ffffff', '#000000')).toBe(21)
  expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2)
})
