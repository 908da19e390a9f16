import { expect, it, vi } from 'vitest'
import { refuse } from '../errors.ts'
import { enqueue, enqueueKeyed, startWorker } from './jobs.ts'
import { notify, subscribe } from './notify.ts'
import { testDb } from './testing.ts'
import { inNoClinic } from './tx.ts'

const { admin } = testDb()

it('a job exists when its transaction commits, and not when that is rolled back', async () => {
  await inNoClinic((tx) => enqueue(tx, 'kept', { appointmentId: 'a' }))
  await inNoClinic(async (tx) => (await enqueue(tx, 'lost', {}), refuse('STALE')))
  await inNoClinic(async (tx) => {
    await enqueue(tx, 'lost', {})
    throw new Error('bug')
  }).catch(() => undefined)
  expect(await admin('SELECT name, data FROM pgboss.job')).toEqual([{ name: 'kept', data: { appointmentId: 'a' } }])
})

it('jobs that come together are written down together, each key once, and none falls for another’s sake', async () => {
  const add = (singletonKey: string, text = 'x') => enqueueKeyed('keyed', { data: { text }, singletonKey })
  // A text that PostgreSQL cannot keep.
  const all = await Promise.allSettled([
    add('a'),
    add('b', '\0'),
    add('a'),
    add('c'),
    ...'defgh'.split('').map((key) => add(key)),
  ])
  expect(all.filter(({ status }) => status === 'rejected')).toHaveLength(1)
  expect(all[1]!.status).toBe('rejected')
  await Promise.all(['i', 'j', 'a', 'j', 'i'].map((key) => add(key)))
  const rows = await admin<{ key: string }>(
    `SELECT singleton_key AS key FROM pgboss.job WHERE name = 'keyed' ORDER BY 1`,
  )
  expect(rows.map(({ key }) => key).join('')).toBe('acdefghij')
})

it('the worker runs a job once, and again when it throws, keeping no message', async () => {
  const seen: unknown[] = []
  let failures = 1
  const stop = await startWorker({
    handlers: {
      work: async (data) => {
        if (failures-- > 0) throw new Error('Jane Roe, born 1980')
        seen.push(data)
      },
    },
    pollSeconds: 0.5,
  })
  await inNoClinic((tx) => enqueue(tx, 'work', { id: 'x' }, { retryLimit: 3 }))
  // The first retry is due after its delay: made due now.
  await vi.waitFor(async () => {
    await admin(`UPDATE pgboss.job SET start_after = now() WHERE state = 'retry'`)
    expect(seen).toEqual([{ id: 'x' }])
  }, 10_000)
  expect(JSON.stringify(await admin('SELECT * FROM pgboss.job'))).not.toContain('Jane')
  await stop()
}, 20_000)

// Defences: heartbeatSeconds, and the look at the start of `startWorker`.
it('a job that a worker had begun when it died is done by the next one', async () => {
  const seen: unknown[] = []
  const handlers = { died: async (data: unknown) => void seen.push(data) }
  await inNoClinic((tx) => enqueue(tx, 'died', { id: 'x' }))
  const left = await admin(
    `UPDATE pgboss.job SET state = 'active', started_on = now() - interval '31 s', heartbeat_on = now() - interval '31 s'
     WHERE name = 'died' RETURNING id`,
  )
  expect(left).toHaveLength(1)
  const stop = await startWorker({ handlers, pollSeconds: 0.5 })
  await vi.waitFor(async () => {
    await admin(`UPDATE pgboss.job SET start_after = now() WHERE state = 'retry'`)
    expect(seen).toEqual([{ id: 'x' }])
  }, 8000)
  await stop()
}, 20_000)

// Fails without the queue's policy: a key alone means nothing to pg-boss.
it('the same job asked for twice runs once; others, and one without a key, run each', async () => {
  const seen: string[] = []
  const key = { singletonKey: 'a' }
  await inNoClinic((tx) => enqueue(tx, 'twice', { id: 'a' }, key))
  await inNoClinic((tx) => enqueue(tx, 'twice', { id: 'a' }, key))
  await Promise.all(Array.from({ length: 8 }, () => inNoClinic((tx) => enqueue(tx, 'twice', { id: 'a' }, key))))
  await inNoClinic(async (tx) => {
    await enqueue(tx, 'twice', { id: 'b' }, { singletonKey: 'b' })
    await enqueue(tx, 'twice', { id: 'c' })
    await enqueue(tx, 'twice', { id: 'c' })
  })
  const stop = await startWorker({
    handlers: { twice: async ({ id }) => void seen.push(String(id)) },
    pollSeconds: 0.5,
  })
  await vi.waitFor(() => expect(seen).toHaveLength(4), 15_000)
  // Done: asked for again, it is another one.
  await inNoClinic((tx) => enqueue(tx, 'twice', { id: 'a' }, key))
  await vi.waitFor(() => expect(seen).toHaveLength(5), 15_000)
  expect(seen.toSorted()).toEqual(['a', 'a', 'b', 'c', 'c'])
  await stop()
}, 40_000)

it('notice of a change arrives after its commit, and again after a lost connection', async () => {
  const heard: string[] = []
  const off = await subscribe('call', (id) => heard.push(id))
  await inNoClinic(async (tx) => (await notify(tx, 'call', 'rolled-back'), refuse('STALE')))
  await inNoClinic((tx) => notify(tx, 'other', 'elsewhere'))
  await inNoClinic((tx) => notify(tx, 'call', 'one'))
  await vi.waitFor(() => expect(heard).toEqual(['one']))
  await admin(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%' AND datname = current_database()`,
  )
  await vi.waitFor(() => expect(heard).toEqual(['one', '*']), 5000)
  await inNoClinic((tx) => notify(tx, 'call', 'two'))
  await vi.waitFor(() => expect(heard).toEqual(['one', '*', 'two']))
  off()
}, 20_000)
