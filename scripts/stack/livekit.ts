// livekit-server on loopback.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { callCodecs } from '../base.mjs'
import { httpAnswers, Part } from './part.ts'

export interface SfuNode {
  id: string
  /** Where browsers connect. */
  url: string
  /** Where our server calls its API. */
  api: string
  key: string
  secret: string
}

export function livekitPart({
  bin,
  home,
  index,
  sfu,
  logDir,
}: {
  bin: string
  home: string
  index: number
  sfu: SfuNode
  logDir: string
}) {
  const port = Number(new URL(sfu.api).port)
  const file = join(home, `livekit-${index}.yaml`)
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
    // Rooms are made by the app alone; a token by itself opens none.
    room: {
      auto_create: false,
      enabled_codecs: callCodecs.map((mime) => ({ mime })),
      empty_timeout: 120,
      departure_timeout: 30,
    },
    keys: { [sfu.key]: sfu.secret },
    logging: { level: 'warn', json: true },
  }
  writeFileSync(file, stringify(config), { mode: 0o600 })
  return new Part({
    name: `livekit-${index}`,
    title: 'The video server (livekit-server)',
    command: bin,
    args: ['--config', file],
    options: { env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production' } },
    ready: httpAnswers(sfu.api),
    logDir,
    // It drains rooms on SIGTERM for as long as people are in them.
    grace: 1500,
  })
}
