import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../../scripts/bundle.mjs'
import { root } from '../../scripts/base.mjs'
import { clinicWorld } from '../payment/testing.ts'
import { enqueue } from '../server/jobs.ts'
import { ringState } from '../server/keks.ts'
import { destroyOuter, openOuter, sealOuter } from '../server/keystore.ts'
import { openField, rewrapField, sealField } from '../server/kms.ts'
import { withLock } from '../server/lock.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { decideRotation, sealedColumns, settleMinutes } from './rules.ts'
import { rotate, rotationOf } from './rotation.ts'
import { replaceField } from './store.ts'

const { admin } = testDb()
let clinicId = ''
beforeAll(async () => {
  clinicId = (await clinicWorld(admin)).clinicId
  // Of what the world made itself, some is no sealed field.
  await admin('DELETE FROM payment')
  await admin('DELETE FROM appointment')
  await admin(`UPDATE member SET email_sealed = $1 WHERE clinic_id = $2`, [
    Buffer.from(await sealField('ada@clinic.test', `member.email|${clinicId}|x`)),
    clinicId,
  ])
  const members = await admin<{ id: string }>('SELECT id FROM member')
  for (const { id } of members)
    await admin('UPDATE member SET email_sealed = $1 WHERE id = $2', [
      Buffer.from(await sealField('ada@clinic.test', `member.email|${clinicId}|${id}`)),
      id,
    ])
})

const soon = (minutes: number) => () => new Date(Date.now() + minutes * 60_000)
const addPatients = async (count: number) => {
  const ids = Array.from({ length: count }, () => crypto.randomUUID())
  const sealed = await Promise.all(
    ids.flatMap((id) => [
      sealField(`${id}@patient.test`, `patient.email|${clinicId}|${id}`),
      sealField('+331', `patient.phone|${clinicId}|${id}`),
    ]),
  )
  await admin(
    `INSERT INTO patient (id, clinic_id, email_sealed, phone_sealed)
     SELECT i, $2, e, p FROM unnest($1::uuid[], $3::bytea[], $4::bytea[]) AS t(i, e, p)`,
    [ids, clinicId, sealed.filter((_, at) => at % 2 === 0), sealed.filter((_, at) => at % 2 === 1)].map((each) =>
      Array.isArray(each) && each[0] instanceof Uint8Array ? each.map((one) => Buffer.from(one)) : each,
    ),
  )
  return ids
}
const emails = () =>
  admin<{ id: string; email_sealed: Buffer; phone_sealed: Buffer }>(
    'SELECT id, email_sealed, phone_sealed FROM patient WHERE email_sealed IS NOT NULL',
  )
async function everyoneOpens(ids: string[]) {
  const rows = (await emails()).filter((row) => ids.includes(row.id))
  expect(rows).toHaveLength(ids.length)
  for (const { id, email_sealed, phone_sealed } of rows) {
    expect(await openField(email_sealed, `patient.email|${clinicId}|${id}`)).toBe(`${id}@patient.test`)
    expect(await openField(phone_sealed, `patient.phone|${clinicId}|${id}`)).toBe('+331')
  }
}

describe('the sealed columns', () => {
  it('are all those that the schema has', () => {
    const schema = readFileSync(join(root, 'prisma', 'schema.prisma'), 'utf8')
    const found = [...schema.matchAll(/^model \w+ \{\n([^]+?)^\}/gm)].flatMap(([, body]) => {
      const table = /@@map\("(\w+)"\)/.exec(body!)![1]!
      return [...body!.matchAll(/\bBytes\b.*@map\("(\w+_sealed)"\)/g)].map(([, column]) => `${table}.${column}`)
    })
    expect(found.sort()).toEqual(sealedColumns.map((each) => `${each.table}.${each.column}`).sort())
  })

  // What is sealed under another name than `_sealed`, or under another context than the table says, is found here.
  it('are all that the code seals a field for', () => {
    const files = (readdirSync(join(root, 'lib'), { recursive: true }) as string[]).filter(
      (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && statSync(join(root, 'lib', file)).isFile(),
    )
    const text = files.map((file) => readFileSync(join(root, 'lib', file), 'utf8')).join('\n')
    const calls = text.match(/\bsealField\(/g)!.length
    const contexts = [...text.matchAll(/`([a-z]+\.[a-z-]+)\|\$\{(?:clinicId|row\.clinicId|actor\.clinicId)\}\|/g)]
    expect(calls).toBeGreaterThan(5)
    expect([...new Set(contexts.map(([, kind]) => kind))].sort()).toEqual(sealedColumns.map((each) => each.kind).sort())
  })
})

describe('a rotation', () => {
  const at = new Date('2030-01-01T00:00:00Z')
  const after = (minutes: number) => new Date(at.getTime() + minutes * 60_000)
  it.each([
    [[], 0, 'tend', 0, 'nothing'],
    [[], 0, 'begin', 0, 'begin'],
    [['1'], 5, 'begin', 0, 'move'],
    [['1'], 5, 'tend', 99, 'move'],
    [['1'], 0, 'tend', settleMinutes - 1, 'nothing'],
    [['1'], 0, 'tend', settleMinutes, 'destroy'],
    [['1'], 1, 'tend', settleMinutes, 'move'],
  ] as const)(
    'with old versions %s and %i left, asked to %s after %i minutes: %s',
    (old, left, asked, min, expected) => {
      expect(decideRotation({ since: at, old }, left, asked, after(min))).toBe(expected)
    },
  )

  it('of contact fields goes on where a process was killed, and all open throughout', async () => {
    const ids = await addPatients(600)
    const { current: old } = await ringState('field')
    // By a request that looked at the ring before the change, and comes to its row after the last of it was moved.
    const stale = await sealField(`${ids[0]}@patient.test`, `patient.email|${clinicId}|${ids[0]}`)
    const program = await bundle('lib/rotate-keys.ts')
    const child = spawn(process.execPath, [program, 'field'], {
      env: process.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))
    child.stdout.on('data', (chunk: Buffer) => void (/moved \d{3}/.test(chunk.toString()) && child.kill('SIGKILL')))
    expect(await ended).toBe('SIGKILL')

    const { left } = await rotationOf('field')
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThan(1200)
    await everyoneOpens(ids)
    const [late] = await addPatients(1)

    // The lock went with the process. Nothing is destroyed before its time, even with nothing left.
    const next = await rotate('field', { asked: 'tend', now: soon(0) })
    expect(next).toMatchObject({ left: 0, old: [old] })
    await everyoneOpens([...ids, late!])
    // Defence: what is left is counted again before the old one is destroyed.
    await admin('UPDATE patient SET email_sealed = $1 WHERE id = $2', [Buffer.from(stale), ids[0]])
    const done = await rotate('field', { asked: 'tend', now: soon(settleMinutes + 1) })
    expect(done).toMatchObject({ left: 0, old: [] })
    await everyoneOpens([...ids, late!])
  }, 60_000)

  // Defence: `before` in replaceField. An address that was changed while the old one was rewrapped would be set back.
  it('never puts a field back as it was, where somebody wrote it meanwhile', async () => {
    const [id] = (await addPatients(1)) as [string]
    const at = sealedColumns.find(({ kind }) => kind === 'patient.email')!
    const sealedOf = async () => new Uint8Array((await emails()).find((row) => row.id === id)!.email_sealed)
    const before = await sealedOf()
    const after = await rewrapField(before, `patient.email|${clinicId}|${id}`)
    const changed = await sealField('new@patient.test', `patient.email|${clinicId}|${id}`)
    await admin('UPDATE patient SET email_sealed = $1 WHERE id = $2', [Buffer.from(changed), id])
    const put = (seen: Uint8Array) =>
      inClinic(clinicId, (tx) => replaceField(tx, { kind: 'system', clinicId }, at, { id, before: seen, after }))
    expect(await put(before)).toBe(false)
    expect(await openField(await sealedOf(), `patient.email|${clinicId}|${id}`)).toBe('new@patient.test')
    expect(await put(await sealedOf())).toBe(true)
  })

  // Defence: countWaiting in countOld. The mail to a patient's old address would lie in its job for ever.
  it('waits for a mail whose job carries an address', async () => {
    await inClinic(clinicId, (tx) => enqueue(tx, 'mail.contact', { clinicId, to: 'sealed' }))
    // Made before the change.
    await admin(`UPDATE pgboss.job SET created_on = now() - interval '1 hour' WHERE name = 'mail.contact'`)
    await rotate('field', { asked: 'begin', now: soon(0) })
    const held = await rotate('field', { asked: 'tend', now: soon(settleMinutes + 1) })
    expect(held).toMatchObject({ left: 1 })
    expect(held!.old).toHaveLength(1)
    await admin(`UPDATE pgboss.job SET state = 'completed' WHERE name = 'mail.contact'`)
    expect(await rotate('field', { asked: 'tend', now: soon(settleMinutes + 1) })).toMatchObject({ left: 0, old: [] })
  })

  it('begins no second version while one is under way, and is one at a time', async () => {
    const begun = await rotate('store', { asked: 'begin', now: soon(0) })
    expect(await rotate('store', { asked: 'begin', now: soon(1) })).toMatchObject({ current: begun!.current })
    expect(
      await withLock('curtain store kek', 'leave', () => rotate('store', { asked: 'tend', now: soon(99) })),
    ).toBeNull()
    expect(await rotate('store', { asked: 'tend', now: soon(99) })).toMatchObject({ old: [] })
  })

  // Defence: the older versions among those that finishPurges() says are left. Under them backups of the key store still open.
  it('says of no purge that it is final before the version that it was done under is destroyed', async () => {
    const [patientId] = (await addPatients(1)) as [string]
    const { current } = await ringState('store')
    await admin(
      `INSERT INTO purge (clinic_id, patient_id, classes, state, ordered_at, destroyed_at, store_kek)
       VALUES ($1, $2, '{clinical}', 'destroyed', now(), now(), $3)`,
      [clinicId, patientId, current],
    )
    const stateOf = async () =>
      (await admin<{ state: string }>('SELECT state::text FROM purge WHERE patient_id = $1', [patientId]))[0]!.state
    const begun = await rotate('store', { asked: 'begin', now: soon(0) })
    expect(begun!.old).toEqual([current])
    expect(await stateOf()).toBe('destroyed')
    await rotate('store', { asked: 'tend', now: soon(settleMinutes - 1) })
    expect(await stateOf()).toBe('destroyed')
    expect((await rotate('store', { asked: 'tend', now: soon(settleMinutes + 1) }))!.old).toEqual([])
    expect(await stateOf()).toBe('final')
  })

  // Defence: the lock in destroyOuter(). A rotation that read a key just before would put it back under the next version.
  it('destroys no key while keys are being moved', async () => {
    const name = { clinicId, patientId: crypto.randomUUID(), class: 'clinical' }
    const place = { recordId: 'r', revision: 1, recipientKey: 'k' }
    const sealed = await sealOuter(name, place, new Uint8Array([7]))
    const done = { destroyed: false }
    const destroying = await withLock('curtain outer keys', 'wait', async () => {
      const under = destroyOuter(name).then(() => (done.destroyed = true))
      await new Promise((resolve) => setTimeout(resolve, 500))
      expect(done.destroyed).toBe(false)
      expect(await openOuter(name, place, sealed)).toEqual(new Uint8Array([7]))
      return { under }
    })
    await destroying!.under
    expect(await openOuter(name, place, sealed)).toBeNull()
  })

  it('of the key store moves its keys', async () => {
    const name = { clinicId, patientId: crypto.randomUUID(), class: 'clinical' }
    const place = { recordId: 'r', revision: 1, recipientKey: 'k' }
    const sealed = await sealOuter(name, place, new Uint8Array([7]))
    await rotate('store', { asked: 'begin', now: soon(0) })
    await rotate('store', { asked: 'tend', now: soon(settleMinutes + 1) })
    expect(await openOuter(name, place, sealed)).toEqual(new Uint8Array([7]))
    expect((await ringState('store')).old).toEqual([])
  })
})
