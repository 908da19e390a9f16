/** Two Chromium processes, a real SFU and one page: where call benchmarks and the frame tests run. */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type Page } from '@playwright/test'
import { build } from 'esbuild'
import { AccessToken, RoomServiceClient, TrackSource } from 'livekit-server-sdk'
import { stringify } from 'yaml'
import { freePorts } from '../../scripts/stack/part.ts'
import type { Lab, LabInput, Mode } from './page.ts'

declare global {
  // The page's own global, as seen by the functions that Playwright evaluates there.
  var lab: Lab
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const KEY = 'lab'
const SECRET = randomBytes(24).toString('hex')

const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
]

export interface LabHandle {
  pages: [Page, Page]
  browsers: [Browser, Browser]
  rooms: RoomServiceClient
  /** A fresh room and what each page needs for it. */
  inputs: (mode: Mode, canvas?: boolean) => Promise<[LabInput, LabInput]>
  /** Processor seconds that both browsers have used, all their processes together. */
  cpu: () => Promise<number>
  /** Both pages as they were opened, with nothing of the last round. */
  reload: () => Promise<void>
  close: () => Promise<void>
}

export async function startLab(): Promise<LabHandle> {
  const files = await bundle()
  const web = createServer((request, response) => {
    const name = (request.url ?? '/').split('?')[0]!
    const body = files.get(name)
    if (!body) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': name.endsWith('.js') ? 'text/javascript' : 'text/html' }).end(body)
  })
  const relay = signalling(web)
  const webPort = await listen(web)
  const sfuPort = await freePorts(3)
  const home = await mkdtemp(join(tmpdir(), 'curtain-lab-'))
  const sfu = await startSfu(home, sfuPort)
  const executablePath =
    process.env.CHROMIUM_PATH ?? (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined)
  const launch = () => chromium.launch({ executablePath, args: CHROMIUM_ARGS })
  const browsers: [Browser, Browser] = [await launch(), await launch()]
  const pages = (await Promise.all(
    browsers.map((browser) => browser.newPage({ viewport: { width: 640, height: 400 } })),
  )) as [Page, Page]
  const reload = async () => {
    await Promise.all(pages.map((page) => page.goto(`http://localhost:${webPort}/`)))
  }
  await reload()
  const rooms = new RoomServiceClient(`http://127.0.0.1:${sfuPort}`, KEY, SECRET)
  return {
    pages,
    browsers,
    rooms,
    reload,
    async cpu() {
      const used = await Promise.all(
        browsers.map(async (browser) => {
          const session = await browser.newBrowserCDPSession()
          const { processInfo } = await session.send('SystemInfo.getProcessInfo')
          await session.detach()
          return processInfo.reduce((sum, each) => sum + each.cpuTime, 0)
        }),
      )
      return used[0]! + used[1]!
    },
    async inputs(mode, canvas = false) {
      const room = randomBytes(16).toString('hex')
      const keys: [number[], number[]] = [[...randomBytes(32)], [...randomBytes(32)]]
      await rooms.createRoom({ name: room, maxParticipants: 2, emptyTimeout: 60 })
      relay.reset()
      const tokens = await Promise.all([0, 1].map(() => token(room)))
      return [0, 1].map((me) => ({
        mode,
        me,
        url: `ws://127.0.0.1:${sfuPort}`,
        token: tokens[me]!,
        keys,
        signal: `ws://localhost:${webPort}/signal`,
        canvas,
      })) as [LabInput, LabInput]
    },
    async close() {
      await Promise.all(browsers.map((browser) => browser.close()))
      sfu.kill('SIGKILL')
      relay.reset()
      web.closeAllConnections()
      await new Promise((resolve) => web.close(resolve))
      await rm(home, { recursive: true, force: true })
    },
  }
}

function token(room: string): Promise<string> {
  const access = new AccessToken(KEY, SECRET, { identity: randomBytes(16).toString('hex'), ttl: 60 })
  access.addGrant({
    room,
    roomJoin: true,
    canPublish: true,
    canSubscribe: true,
    canPublishData: false,
    canPublishSources: [TrackSource.CAMERA, TrackSource.MICROPHONE],
  })
  return access.toJwt()
}

async function bundle(): Promise<Map<string, string>> {
  const bundled = async (entry: string, format: 'esm' | 'iife' = 'esm') => {
    const result = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      format,
      target: 'chrome120',
      minify: true,
    })
    return result.outputFiles[0]!.text
  }
  const livekitWorker = createRequire(import.meta.url).resolve('livekit-client/e2ee-worker')
  return new Map([
    [
      '/',
      '<!doctype html><meta charset="utf-8"><title>lab</title><body><script type="module" src="/page.js"></script>',
    ],
    ['/page.js', await bundled(here('page.ts'))],
    ['/frames.worker.js', await bundled(here('../../lib/browser/frames.worker.ts'))],
    ['/livekit.worker.js', await bundled(livekitWorker)],
  ])
}

/** Passes what one page says on to the other: the bare connection's signalling. */
function signalling(server: Server) {
  const { WebSocketServer } = createRequire(import.meta.url)('next/dist/compiled/ws') as {
    WebSocketServer: new (options: object) => {
      clients: Set<{ send: (data: string) => void; terminate: () => void }>
      on: (
        event: string,
        handler: (socket: { on: (event: string, handler: (data: Buffer) => void) => void }) => void,
      ) => void
    }
  }
  const sockets = new WebSocketServer({ server, path: '/signal' })
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      for (const other of sockets.clients) if ((other as unknown) !== socket) other.send(data.toString())
    })
  })
  return { reset: () => sockets.clients.forEach((socket) => socket.terminate()) }
}

async function startSfu(home: string, port: number): Promise<ChildProcess> {
  const bin =
    process.env.CURTAIN_LIVEKIT ??
    process.env.LIVEKIT_SERVER_BIN ??
    join(homedir(), '.cache/curtain/bin/livekit-server')
  const config = {
    port,
    bind_addresses: ['127.0.0.1'],
    rtc: {
      tcp_port: port + 1,
      udp_port: port + 2,
      node_ip: '127.0.0.1',
      enable_loopback_candidate: true,
      interfaces: { includes: ['lo'] },
      use_external_ip: false,
    },
    room: { auto_create: false },
    keys: { [KEY]: SECRET },
    logging: { level: 'error' },
  }
  await writeFile(join(home, 'livekit.yaml'), stringify(config))
  const child = spawn(bin, ['--config', join(home, 'livekit.yaml')], { stdio: 'ignore' })
  for (let attempt = 0; attempt < 100; attempt++) {
    const answered = await fetch(`http://127.0.0.1:${port}`)
      .then((answer) => answer.ok)
      .catch(() => false)
    if (answered) return child
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  child.kill('SIGKILL')
  throw new Error('the lab: livekit-server does not answer')
}

const listen = (server: Server) =>
  new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
