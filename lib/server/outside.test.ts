// What somebody's address may reach: against servers of this machine, which is exactly what it must not.
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { testEnv } from './testing.ts'

beforeAll(() => void Object.assign(process.env, testEnv(mkdtempSync(join(tmpdir(), 'outside-')))))

const open: Server[] = []
let heard = 0
async function serve(answer: RequestListener): Promise<number> {
  const server = createServer((request, response) => {
    heard++
    answer(request, response)
  })
  open.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}
beforeEach(() => {
  heard = 0
  vi.resetModules()
})
afterEach(() => {
  delete process.env.CALENDAR_NETWORKS
  for (const server of open.splice(0)) server.close()
})
/** With the operator's own network let in, or not. */
async function reader(networks: 'public' | 'any') {
  process.env.CALENDAR_NETWORKS = networks
  const { readOutside } = await import('./outside.ts')
  return (url: string, etag?: string) =>
    readOutside(url, { etag, maxBytes: 1000, seconds: 2 }).catch((error: { why: string }) => error.why)
}

describe('the public internet alone', () => {
  // Defences: the protocol in ask(), the filtering agent. Without either, a practitioner reads what only this machine reaches.
  test('no plain http, no other protocol, no address of this machine or its network, by whatever name', async () => {
    const read = await reader('public')
    const port = await serve((_, answer) => answer.end('secret'))
    expect(await read(`http://127.0.0.1:${port}/`)).toBe('not-allowed')
    for (const host of [
      ...['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', '10.0.0.7', '192.168.1.1', '172.16.3.4'],
      ...['169.254.169.254', '100.64.1.1', '[fd00::1]', '[fe80::1]', '[64:ff9b::7f00:1]', '2130706433', '0x7f.1'],
    ])
      expect([host, await read(`https://${host}:${port}/x.ics`)]).toEqual([host, 'not-allowed'])
    expect(await read('file:///etc/passwd')).toBe('not-allowed')
    expect(heard).toBe(0)
  })
})

describe('with the operator’s own network let in', () => {
  test('the text and its name; nothing when it is as it was', async () => {
    const read = await reader('any')
    const port = await serve((request, answer) => {
      if (request.headers['if-none-match'] === '"a"') return void answer.writeHead(304).end()
      answer.writeHead(200, { etag: '"a"' }).end('BEGIN:VCALENDAR')
    })
    expect(await read(`http://127.0.0.1:${port}/`)).toEqual({ text: 'BEGIN:VCALENDAR', etag: '"a"' })
    expect(await read(`http://127.0.0.1:${port}/`, '"a"')).toBeNull()
  })

  test('no more of it than is wanted, and no waiting without end', async () => {
    const read = await reader('any')
    const large = await serve((_, answer) => answer.end('x'.repeat(2000)))
    expect(await read(`http://127.0.0.1:${large}/`)).toBe('too-large')
    const silent = await serve(() => undefined)
    expect(await read(`http://127.0.0.1:${silent}/`)).toBe('unreachable')
    const stuck = await serve((_, answer) => void answer.writeHead(200).write('BEGIN'))
    expect(await read(`http://127.0.0.1:${stuck}/`)).toBe('unreachable')
    for (const server of open) server.closeAllConnections()
  }, 20_000)

  test('a few redirects and no ring of them; what is refused is said so', async () => {
    const read = await reader('any')
    const port = await serve((request, answer) => {
      if (request.url === '/a') return void answer.writeHead(302, { location: '/b' }).end()
      if (request.url === '/ring') return void answer.writeHead(302, { location: '/ring' }).end()
      if (request.url === '/b') return void answer.end('there')
      answer.writeHead(401).end()
    })
    expect(await read(`http://127.0.0.1:${port}/a`)).toMatchObject({ text: 'there' })
    expect(await read(`http://127.0.0.1:${port}/ring`)).toBe('refused')
    expect(await read(`http://127.0.0.1:${port}/no`)).toBe('refused')
    expect(await read('http://127.0.0.1:1/')).toBe('unreachable')
  })
})
