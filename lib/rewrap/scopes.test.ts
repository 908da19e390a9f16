// A colleague leaves, and who sees their own patients only goes on seeing them.
import { randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import * as access from '../access/flow.ts'
import { must } from '../access/testing.ts'
import type { RecordType } from '../crypto/types.ts'
import { insertRecords, listRecords } from '../record/store.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { passOn } from './flow.ts'
import { decideSuperseded } from './rules.ts'
import { leavingWorld } from './testing.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof leavingWorld>>
let own: Awaited<ReturnType<typeof world.join>>
beforeAll(async () => {
  world = await leavingWorld(admin)
  const { statements } = must(await access.loadChain(null, { clinicId: world.clinicId }))
  await world.owner.vault.loadChain({ clinicId: world.clinicId, statements })
  own = await world.join(['practitioner'], true)
})

async function refresh({ vault, actor }: Pick<typeof own, 'vault' | 'actor'>) {
  const { clinicId, statements, epochGrants } = must(await access.loadMe(actor))
  await vault.refresh({ chain: { clinicId, statements }, epochGrants })
}

// Defence: ownScope in lib/crypto/rewrap.ts.
test('what was sealed to members’ own keys while groups waited is passed on to the scope, the desk’s records too', async () => {
  const { clinicId, owner } = world
  const { actor } = owner
  await world.remove(world.leaves.memberId)
  await refresh(owner)
  const patientId = randomUUID()
  await admin('INSERT INTO patient (id, clinic_id) VALUES ($1, $2)', [patientId, clinicId])
  const types: RecordType[] = ['identity', 'note']
  const records = await owner.vault.sealMany(
    types.map((type) => ({
      ...{ clinicId, patientId, recordId: randomUUID(), revision: 1, schema: 1, type, content: { name: 'Pat' } },
      practitioner: own.memberId,
    })),
  )
  expect(records.flatMap(({ grants }) => grants.map(({ recipient }) => recipient.kind))).not.toContain('group')
  must(await inClinic(clinicId, (tx) => insertRecords(tx, actor, records, { patientId, appointmentId: null })))
  await world.rotate(['desk', 'clinical', `clinical:${own.memberId}`])
  await refresh(owner)

  const now = new Date()
  const nothing = { done: [], failed: [] }
  const first = must(await passOn(actor, { begins: true, ...nothing }, { now }))
  expect(first.records.length).toBe(2)
  const made = await owner.vault.rewrap(first.records)
  expect(made.failed).toEqual([])
  expect(must(await passOn(actor, { begins: false, ...made }, { now }))).toMatchObject({ left: 0, failed: 0 })

  await refresh(own)
  const mine = await inClinic(clinicId, (tx) => listRecords(tx, own.actor, { patientIds: [patientId] }))
  const kinds = mine.map(({ grants }) => grants.map(({ recipient }) => recipient.id))
  expect(kinds).toEqual([[`clinical:${own.memberId}`], [`clinical:${own.memberId}`]])
  const opened = await own.vault.open(mine, { patientId })
  expect(opened.map((each) => each.ok)).toEqual([true, true])
})

// Defence: `isWanting` in decideSuperseded. A browser that hands in less than is due would take the record from its practitioner.
test('a grant to a member’s own key stays until their own scope has the record, and no longer', () => {
  const [scope, site] = ['clinical:m', 'desk:site']
  const epochs = ['desk', 'clinical', scope, site].map((group) => ({
    group,
    epoch: 2,
    key: group,
    stale: false,
    members: 1,
  }))
  const targets = { newest: new Map(epochs.map((each) => [each.group, each])), gone: [] }
  const grant = (recipientKind: string, recipientId: string) => ({
    ...{ id: recipientId, recipientKind, recipientId, recipientKey: recipientId, epoch: 2 },
  })
  const passedOn = [grant('member', 'm'), grant('group', 'desk'), grant('group', 'clinical')]
  const groupsOf = new Map([['m', [scope]]])
  expect(decideSuperseded(passedOn, 'desk', targets, groupsOf)).toEqual({ superseded: [], complete: false })
  const whole = [...passedOn, grant('group', scope)]
  expect(decideSuperseded(whole, 'desk', targets, groupsOf)).toMatchObject({ complete: true })
  // Whoever has left is in no group, and loses it.
  expect(decideSuperseded(passedOn, 'desk', targets, new Map())).toMatchObject({ complete: true })
  // So does who went to a site whose group this record is not for.
  expect(decideSuperseded(passedOn, 'desk', targets, new Map([['m', [site]]]))).toMatchObject({ complete: true })
})
