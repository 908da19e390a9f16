import { afterEach, expect, test, vi } from 'vitest'
import { bringVisit, forgetBeen, visitBrought } from './earlier-visit.ts'

afterEach(() => vi.unstubAllGlobals())

test('who is forgotten leaves neither a link nor the cookie, which stays for another patient of the clinic', () => {
  const kept = new Map<string, string>()
  const page = { cookie: '' }
  vi.stubGlobal('document', page)
  vi.stubGlobal('location', { protocol: 'https:' })
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
    removeItem: (name: string) => kept.delete(name),
  })
  const clinic = { id: 'one', slug: 'north' }
  bringVisit('one', { id: 'visit', secret: 'secret' })
  forgetBeen(clinic, [{ clinicId: 'one' }])
  expect([visitBrought('one'), page.cookie]).toEqual([null, ''])
  forgetBeen(clinic, [{ clinicId: 'another' }])
  expect(page.cookie).toBe('been=;path=/c/north;max-age=0;samesite=lax;secure')
})
