import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { onPatientEvent } from './patient-events.ts'

class Source {
  static open: Source[] = []
  onmessage: (() => void) | null = null
  readonly url: string
  constructor(url: string) {
    this.url = url
    Source.open.push(this)
  }
  close() {
    Source.open = Source.open.filter((each) => each !== this)
  }
}
beforeEach(() => void vi.stubGlobal('EventSource', Source))
afterEach(() => {
  vi.unstubAllGlobals()
  Source.open = []
})

// Fails when each listener takes a line: two tabs of a page with three parts then leave none of a browser's six.
test('all who listen for one patient share one line, which goes with the last of them', () => {
  const told: string[] = []
  const say = (name: string) => () => void told.push(name)
  const stops = ['a', 'b', 'c'].map((name) => onPatientEvent('one', 'p', say(name)))
  const other = onPatientEvent('two', 'p', say('other'))
  expect(Source.open.map(({ url }) => url)).toEqual([
    '/api/appointments/one/events?patient=p',
    '/api/appointments/two/events?patient=p',
  ])
  Source.open[0]!.onmessage!()
  expect(told).toEqual(['a', 'b', 'c'])
  stops[0]!()
  stops[0]!()
  Source.open[0]!.onmessage!()
  expect(told.slice(3)).toEqual(['b', 'c'])
  for (const stop of [...stops, other]) stop()
  expect(Source.open).toEqual([])
  onPatientEvent('one', 'p', say('again'))()
  expect(Source.open).toEqual([])
})
