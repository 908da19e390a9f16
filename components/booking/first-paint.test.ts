import { runInNewContext } from 'node:vm'
import { beforeEach, describe, expect, it } from 'vitest'
import { FirstPaintScript } from './first-paint'

const id = '6f1c8a54-7d3e-4b0a-9a36-0d3c6a1f2b11'
const [own, other] = ['A'.repeat(43), 'B'.repeat(43)]

class Store extends Map<string, string> {
  getItem = (name: string) => this.get(name) ?? null
  setItem = (name: string, value: string) => void this.set(name, value)
}

/** One browser; `open` is a page in it, with what the page heard and did. */
let kept: Store
let tab: Store
beforeEach(() => {
  kept = new Store()
  tab = new Store()
})
function open(hash: string) {
  const script = FirstPaintScript({ clinicId: id, root: own, zone: 'UTC', timed: false, nonce: undefined })
  const { __html: code } = (script.props as { dangerouslySetInnerHTML: { __html: string } }).dangerouslySetInnerHTML
  let reloads = 0
  let changed = (_: { newURL: string }): void => undefined
  const location = { hash, pathname: '/c/lumen', search: '', reload: () => (reloads += 1) }
  const page = { location, localStorage: kept, sessionStorage: tab, document: { cookie: '' }, Intl, JSON, URL }
  runInNewContext(code, { ...page, addEventListener: (_: string, told: typeof changed) => (changed = told) })
  return {
    /** `left`: a tap has left the address before the event is heard. */
    follow(next: string, left = next) {
      location.hash = left
      changed({ newURL: `https://clinic.test/c/lumen${next}` })
      return reloads
    },
  }
}
const pin = () => kept.get(`curtain:pin:${id}`)
const link = () => tab.get(`curtain:link:${id}`)

describe('the fingerprint in a link', () => {
  it('is kept where it is that of the clinic shown', () => {
    open(`#k=${own}`)
    expect([pin(), link()]).toEqual([own, own])
  })

  // Defence: `!localStorage.getItem(pin)`, and the comparison with the clinic shown.
  it('attack 6: of anybody’s making replaces none that is kept, and is kept for this tab alone', () => {
    open(`#k=${other}`)
    expect([pin(), link()]).toEqual([undefined, other])
    tab = new Store()
    open(`#k=${own}`)
    open(`#k=${other}`)
    expect([pin(), link()]).toEqual([own, other])
    kept.set(`curtain:pin:${id}`, other)
    open(`#k=${own}`)
    expect(pin()).toBe(other)
  })

  it('opened over the page that is there begins the page again, once', () => {
    const page = open('')
    expect(page.follow('#main')).toBe(0)
    expect(page.follow(`#k=${own}`)).toBe(1)
    expect(pin()).toBe(own)
    expect(page.follow(`#k=${own}`)).toBe(1)
    expect(page.follow(`#k=${other}`)).toBe(2)
    expect([pin(), link()]).toEqual([own, other])
    expect(page.follow(`#k=${own}`, '')).toBe(3)
    expect(link()).toBe(own)
  })

  it('that is none is not kept', () => {
    open(`#k=${own}x`)
    open('#k=short')
    expect([pin(), link()]).toEqual([undefined, undefined])
  })
})
