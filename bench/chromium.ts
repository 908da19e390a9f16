import { readFileSync } from 'node:fs'
import { Agent, createServer, type IncomingMessage, request as ask, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build } from 'esbuild'
import { chromium, type Page } from 'playwright-core'

/** A page of its own origin on loopback, in a real Chromium, with programs bundled from this repository. */
export interface Lab {
  page: Page
  /** Everything the page said on its console or threw. */
  said: string[]
  /** Paths that were asked for. */
  served: string[]
  close(): Promise<void>
}

/**
 * Bundles `programs` (served name → file) as modules and opens an empty page with them beside it. `files` (served
 * path → file) are served as they are. A `profile` directory keeps storage from one lab to the next.
 */
export async function openLab(options: {
  programs: Record<string, string>
  files?: Record<string, string>
  profile?: string
  port?: number
  /** Where what the page asks of /api/ goes, with these headers; `answers` are given here instead, by path. */
  api?: { baseUrl: string; headers: () => Record<string, string>; answers?: ReadonlyMap<string, string> }
}): Promise<Lab> {
  const built = await build({
    entryPoints: options.programs,
    outdir: '/',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'chrome140',
    write: false,
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    external: ['fs', 'path', 'crypto', 'util', 'ws'],
  })
  const files = new Map(built.outputFiles.map((file) => [file.path, file.contents]))
  for (const [path, file] of Object.entries(options.files ?? {})) files.set(path, readFileSync(file))
  const types: Record<string, string> = { js: 'text/javascript', ts: 'text/javascript', wasm: 'application/wasm' }
  const served: string[] = []
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://lab')
    served.push(pathname)
    if (options.api && pathname.startsWith('/api/')) return forward(options.api, pathname, request, response)
    // A worker names the file of the next as it stands in this repository.
    const file = files.get(pathname.replace(/\.ts$/, '.js'))
    response.setHeader('content-type', types[pathname.split('.').pop()!] ?? 'text/html')
    response.statusCode = file || pathname === '/' ? 200 : 404
    response.end(file ? Buffer.from(file) : '<!doctype html><title>lab</title>')
  })
  await new Promise<void>((done) => server.listen(options.port ?? 0, '127.0.0.1', done))
  const url = `http://localhost:${(server.address() as AddressInfo).port}/`
  const launch = {
    executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
    args: ['--no-sandbox'],
  }
  const context = await chromium.launchPersistentContext(options.profile ?? '', launch)
  const page = context.pages()[0] ?? (await context.newPage())
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(String(error)))
  await page.goto(url)
  return {
    page,
    said,
    served,
    async close() {
      await context.close()
      await new Promise((done) => server.close(done))
    },
  }
}

const agent = new Agent({ keepAlive: true })

function forward(
  {
    baseUrl,
    headers,
    answers,
  }: { baseUrl: string; headers: () => Record<string, string>; answers?: ReadonlyMap<string, string> },
  path: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  const known = answers?.get(path)
  if (known !== undefined) {
    incoming.resume()
    response.setHeader('content-type', 'application/json')
    response.end(known)
    return
  }
  const onward = ask(`${baseUrl}${path}`, {
    method: incoming.method,
    agent,
    headers: { ...incoming.headers, host: new URL(baseUrl).host, ...headers() },
  })
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => response.writeHead(502).end())
  incoming.pipe(onward)
}
