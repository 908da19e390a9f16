import 'server-only'
import pg from 'pg'
import { env } from './env.ts'
import { log } from './log.ts'
import type { Tx } from './tx.ts'

type Listener = (id: string) => void

interface Ear {
  listeners: Map<string, Set<Listener>>
  connected: Promise<void> | null
  client: pg.Client | null
}

const kept = globalThis as { curtainEar?: Ear }
const ear = () => (kept.curtainEar ??= { listeners: new Map(), connected: null, client: null })

/** What subscribers get after a lost connection: something may have been missed, so look again. */
export const MAYBE_MISSED = '*'

/** Tells every process that `id` changed, once the caller's transaction commits. Ids only: anyone on the database can listen. */
export async function notify(tx: Tx, channel: string, id: string): Promise<void> {
  await tx.$queryRaw`SELECT pg_notify('curtain', ${`${channel}:${id}`})::text`
}

/** Hears ids on a channel until the answered function is called. Resolves once the connection listens. */
export async function subscribe(channel: string, listener: Listener): Promise<() => void> {
  const { listeners } = ear()
  const set = listeners.get(channel) ?? new Set()
  listeners.set(channel, set.add(listener))
  await listen()
  return () => {
    set.delete(listener)
    if (set.size === 0 && listeners.get(channel) === set) listeners.delete(channel)
  }
}

function listen(): Promise<void> {
  const mine = ear()
  return (mine.connected ??= connect(mine, false))
}

/** One connection for the process, made again for as long as anyone listens. */
async function connect(mine: Ear, again: boolean): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client({
      connectionString: env().DATABASE_URL,
      keepAlive: true,
      connectionTimeoutMillis: 5000,
    })
    try {
      // Before connecting: a connection refused is an 'error' event too.
      let lost = false
      const onLost = () => {
        if (lost || mine.client !== client) return
        lost = true
        log.warn({ code: 'NOTIFY_LOST' })
        mine.client = null
        mine.connected = connect(mine, true)
      }
      client.on('error', onLost)
      client.on('end', onLost)
      client.on('notification', ({ payload = '' }) => {
        const at = payload.indexOf(':')
        hear(mine, payload.slice(0, at), payload.slice(at + 1))
      })
      await client.connect()
      await client.query('LISTEN curtain')
      mine.client = client
      if (again || attempt > 0) for (const channel of mine.listeners.keys()) hear(mine, channel, MAYBE_MISSED)
      return
    } catch (error) {
      await client.end().catch(() => undefined)
      if (attempt % 10 === 0) log.error({ code: 'NOTIFY_DOWN', attempt, err: error })
      await new Promise((resolve) => setTimeout(resolve, Math.min(100 * 2 ** attempt, 2000)))
    }
  }
}

function hear(mine: Ear, channel: string, id: string) {
  for (const listener of mine.listeners.get(channel) ?? []) {
    try {
      listener(id)
    } catch (error) {
      log.error({ code: 'NOTIFY_LISTENER', err: error })
    }
  }
}

export async function closeNotify() {
  const mine = kept.curtainEar
  delete kept.curtainEar
  const client = mine?.client
  if (mine) mine.client = null
  await client?.end()
}
