import { expect, test } from 'vitest'
import { POST } from './route'

const post = (body: string, headers: Record<string, string> = {}) =>
  POST(
    new Request('http://localhost/api/preferences', {
      method: 'POST',
      body,
      headers: { 'content-length': String(body.length), 'sec-fetch-site': 'same-origin', ...headers },
    }),
  )

test('a choice is kept for a year and leads back to where it was made', async () => {
  const answer = await post('locale=fr&back=%2Fc%2Ftilleuls%3Fday%3D2026-11-24')
  expect(answer.status).toBe(303)
  expect(answer.headers.get('location')).toBe('/c/tilleuls?day=2026-11-24')
  expect(answer.headers.get('set-cookie')).toBe('locale=fr; Path=/; SameSite=Lax; Max-Age=31536000')
})

test('following the device again removes the choice', async () => {
  expect((await post('theme=auto')).headers.get('set-cookie')).toContain('Max-Age=0')
})

test.each(['https://evil.example', '//evil.example', '/\\evil.example', '/a\nb', 'javascript:alert(1)'])(
  'it leads to no other site: %s',
  async (back) => {
    expect((await post(`theme=dark&back=${encodeURIComponent(back)}`)).headers.get('location')).toBe('/')
  },
)

test.each([
  ['locale=xx', {}, 400],
  ['theme=neon', {}, 400],
  ['', {}, 400],
  ['locale=fr%0d%0aset-cookie:x', {}, 400],
  ['locale=fr', { 'sec-fetch-site': 'cross-site' }, 403],
  ['locale=fr', { 'content-length': '9999' }, 413],
])('refused: %j %j', async (body, headers, status) => {
  const answer = await post(body, headers as Record<string, string>)
  expect(answer.status).toBe(status)
  expect(answer.headers.get('set-cookie')).toBeNull()
})
