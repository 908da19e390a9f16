/** The release archive that is used where there is no Go: the very file, or none. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { unpackRelease } from './setup.mjs'

const dir = mkdtempSync(join(tmpdir(), 'setup-'))
const archive = join(dir, 'release.tar.gz')
const web = createServer((request, response) =>
  request.url === '/release' ? response.end(readFileSync(archive)) : response.writeHead(404).end(),
)
let url = ''
let sha256 = ''
beforeAll(async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  writeFileSync(join(dir, 'program'), '#!/bin/sh\necho here\n')
  chmodSync(join(dir, 'program'), 0o644)
  execFileSync('tar', ['-czf', archive, '-C', dir, 'program'])
  sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex')
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
})
afterAll(() => {
  web.close()
  rmSync(dir, { recursive: true, force: true })
})

it('takes the program out of the archive that was meant', async () => {
  const to = join(dir, 'program-v1')
  expect(await unpackRelease(`${url}/release`, sha256, 'program', to)).toBe(true)
  expect(execFileSync(to, { encoding: 'utf8' })).toBe('here\n')
  expect(statSync(to).mode & 0o777).toBe(0o755)
})

it('throws any other away', async () => {
  const to = join(dir, 'program-v2')
  await expect(unpackRelease(`${url}/release`, '0'.repeat(64), 'program', to)).rejects.toThrow(/not the file/)
  expect(existsSync(to)).toBe(false)
})

it('says so where it cannot be reached', async () => {
  expect(await unpackRelease(`${url}/none`, sha256, 'program', join(dir, 'program-v3'))).toBe(false)
})
