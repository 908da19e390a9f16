// What keeps a site from closing: against a real database.
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { StaffActor } from '../access/rules.ts'
import { clinicWorld } from '../payment/testing.ts'
import * as schedule from '../schedule/flow.ts'
import { testDb } from '../server/testing.ts'
import * as flow from './flow.ts'

const { admin } = testDb()
const now = new Date('2026-11-20T09:00:00Z')

test('hours on single dates and in a period keep a site open until they are over', async () => {
  const { clinicId, memberId } = await clinicWorld(admin)
  const owner: StaffActor = { kind: 'staff', clinicId, memberId, sessionId: '', roles: ['admin'] }
  const [id, here] = [randomUUID(), randomUUID()]
  await flow.add(owner, { id, name: 'Harbour', address: '', here: { id: here, name: 'Centre' } })
  const counted = async (when = now) => {
    const answer = await flow.list(owner, {}, { now: when })
    return answer.ok && answer.value.sites.find((site) => site.id === id)?.hours
  }
  expect(await counted()).toBe(0)
  const row = { startMinute: 540, endMinute: 720, siteId: id, walkIns: 0 }
  await schedule.saveDay(owner, { memberId, day: '2026-11-30', hours: [row] }, { now })
  expect(await counted()).toBe(1)
  expect(await flow.close(owner, { id }, { now })).toMatchObject({ code: 'SITE_IN_USE' })
  const period = { from: '2026-12-01', until: '2026-12-31' }
  await schedule.saveWeek(owner, { memberId, period, was: null, hours: [{ ...row, weekday: 1 }] })
  expect(await counted()).toBe(2)
  expect(await counted(new Date('2026-12-31T12:00:00Z'))).toBe(1)
  expect(await counted(new Date('2026-12-31T23:30:00Z'))).toBe(0)
})
