// Sites as they are added and moved between, and earlier records that are given to a second one.
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Sealed } from '../crypto/types'
import * as encounters from '../encounter/flow'
import * as members from '../access/flow-members'
import * as sites from './flow'
import * as sharing from './share'
import { at, everyRow, must, opens, openTestClinic } from '../access/testing'
import {
  admin,
  clinic,
  deskB,
  doctorA,
  doctorB,
  whole,
  siteA,
  siteB,
  refresh,
  join,
  book,
  move,
  removed,
  chainNow,
  leave,
  type Colleague,
  openSites,
} from '../access/sites-world'

beforeAll(openSites, 240_000)

test('a site that is sent again is there once, and no two have one name', async () => {
  const { owner, clinicId } = clinic
  const more = { id: siteB, name: 'North', address: '5 High Street', here: { id: randomUUID(), name: 'Elsewhere' } }
  must(await sites.add(owner.actor, more))
  const names = async () => must(await sites.list(owner.actor, {}, at())).sites.map(({ name }) => name)
  expect(await names()).toEqual(['South', 'North'])
  const twin = { ...more, id: randomUUID(), name: 'north', here: null }
  expect(await sites.add(owner.actor, twin)).toMatchObject({ code: 'BAD_INPUT', fields: { name: 'taken' } })
  const renamed = { id: siteA, name: 'NORTH', address: '' }
  expect(await sites.save(owner.actor, renamed)).toMatchObject({ code: 'BAD_INPUT', fields: { name: 'taken' } })
  must(await sites.save(owner.actor, { id: siteB, name: 'North', address: '5 High Street' }))
  // Nor a clinic's first two.
  const other = await openTestClinic()
  const both = { ...more, id: randomUUID(), name: 'Elsewhere' }
  expect(await sites.add(other.owner.actor, both)).toMatchObject({ fields: { name: 'taken' } })
  expect(other.clinicId).not.toBe(clinicId)
})

// Defence: dropHoursElsewhere in changeMember (flow-members.ts).
test('hours of whoever is moved end where they do not see what is written', async () => {
  const { memberId } = await join(['practitioner'])
  const hours = (site: string | null, weekday: number) =>
    admin(
      'INSERT INTO weekly_hours (clinic_id, member_id, weekday, start_minute, end_minute, site_id) VALUES ($1, $2, $4, 0, 60, $3)',
      [clinic.clinicId, memberId, site, weekday],
    )
  await Promise.all([hours(siteA, 1), hours(siteB, 2), hours(null, 3)])
  must(await move(memberId, ['practitioner'], [siteB]))
  expect(await admin('SELECT site_id FROM weekly_hours WHERE member_id = $1', [memberId])).toEqual([{ site_id: siteB }])
  must(await removed(memberId))
})

describe('earlier records, for a second site', () => {
  /** Booked at A, with a note of the visit and a draft of the next; then at B. */
  async function twice() {
    await Promise.all([clinic.owner, doctorA, doctorB, whole].map(refresh))
    const first = await book(doctorA.memberId, siteA)
    const second = await book(doctorB.memberId, siteB, first)
    const { appointmentId, patientId } = first
    const place = { clinicId: clinic.clinicId, patientId, revision: 1, schema: 1, content: {} }
    for (const type of ['note', 'draft'] as const) {
      const record = await doctorA.vault.seal({
        ...{ ...place, type, recordId: randomUUID() },
        ...{ practitioner: doctorA.memberId, site: siteA },
      })
      must(await encounters.saveNote(doctorA.actor, { appointmentId, record }, at()))
    }
    return { first, second, patientId, appointmentId: second.appointmentId }
  }
  const chartOf = async ({ actor }: Colleague, appointmentId: string) =>
    must(await encounters.openEncounter(actor, { appointmentId }, at()))
  const typesOf = (records: readonly Sealed[]) => records.map(({ meta }) => meta.type).sort()

  test('whoever reads both gives them to the site, which shows the visit; a draft, a name and the desk are left out', async () => {
    const { first, patientId, appointmentId } = await twice()
    await refresh(whole)
    const { records } = await chartOf(whole, appointmentId)
    const all = await whole.vault.grantToSite({ patientId, site: siteB, records })
    expect(typesOf(records.filter(({ meta }) => all.some(({ recordId }) => recordId === meta.recordId)))).toEqual([
      ...['note', 'reason', 'reason'],
    ])
    const { lacking } = must(await sharing.earlier(whole.actor, { appointmentId }, at()))
    const named = new Set(lacking.map(({ recordId }) => recordId))
    expect(typesOf(records.filter(({ meta }) => named.has(meta.recordId)))).toEqual(['note', 'reason'])
    const grants = await whole.vault.grantToSite({
      ...{ patientId, site: siteB },
      records: records.filter(({ meta }) => named.has(meta.recordId)),
    })
    const input = { appointmentId, siteId: siteB, grants }
    expect(must(await sharing.share(whole.actor, input, at()))).toEqual({ shared: 2 })
    // Sent again, it is the same.
    expect(must(await sharing.share(whole.actor, input, at()))).toEqual({ shared: 0 })
    expect(must(await sharing.earlier(whole.actor, { appointmentId }, at())).lacking).toEqual([])

    const chart = await chartOf(doctorB, appointmentId)
    expect(typesOf(chart.records)).toEqual(['checklist', 'identity', 'note', 'reason', 'reason'])
    expect(new Set(await opens(doctorB, chart.records, patientId))).toEqual(new Set(['opened']))
    expect(chart.visits.map((visit) => [visit.appointmentId, visit.site])).toEqual([
      [appointmentId, 'North'],
      [first.appointmentId, 'South'],
    ])
    // Defence: the line on the managing group in rewrapRecord. What they were given they do not give on.
    const given = chart.records.filter(({ meta }) => named.has(meta.recordId))
    await expect(doctorB.vault.grantToSite({ patientId, site: siteA, records: given })).rejects.toMatchObject({
      code: 'NOT_VOUCHED',
    })
    const desk = must(await encounters.loadDay(deskB.actor, { day: first.day }, at()))
    expect(desk.rows.map((row) => row.appointmentId)).not.toContain(first.appointmentId)
  })

  // Defences: heldBy's twin `mine` in share (lib/site/share.ts), `isTheirs`, and the place by the row beside the patient's own list.
  test('attack 17: nobody else gives them, nor to another site, nor in another’s name', async () => {
    const { first, patientId, appointmentId } = await twice()
    const records = (await everyRow(clinic.clinicId)).filter(({ meta }) => meta.patientId === patientId)
    await expect(doctorB.vault.grantToSite({ patientId, site: siteB, records })).rejects.toMatchObject({
      code: 'NOT_VOUCHED',
    })
    await refresh(whole)
    const other = await book(whole.memberId, siteA)
    await expect(
      whole.vault.grantToSite({ patientId: other.patientId, site: siteB, records }),
      'records of another patient than the one whose chart it is',
    ).rejects.toMatchObject({ code: 'NOT_VOUCHED' })
    const grants = await whole.vault.grantToSite({ patientId, site: siteB, records })
    const input = { appointmentId, siteId: siteB, grants }
    // Not their visit; not the visit's site; somebody else's name; another patient's visit.
    expect(await sharing.share(doctorA.actor, input, at())).toMatchObject({ code: 'NOT_FOUND' })
    expect(await sharing.share(whole.actor, { ...input, siteId: siteA }, at())).toMatchObject({ code: 'NOT_FOUND' })
    expect(await sharing.share(doctorB.actor, input, at())).toMatchObject({ code: 'NOT_ALLOWED' })
    // This site's key, under the name of another group.
    for (const id of ['clinical', `clinical:${siteA}`] as const) {
      const named = grants.map((each) => ({
        ...each,
        grant: { ...each.grant, recipient: { ...each.grant.recipient, id } },
      }))
      expect(await sharing.share(whole.actor, { ...input, grants: named }, at())).toMatchObject({ code: 'NOT_ALLOWED' })
    }
    const stranger = await book(whole.memberId, siteB)
    const elsewhere = { ...input, appointmentId: stranger.appointmentId }
    expect(await sharing.share(whole.actor, elsewhere, at())).toMatchObject({ code: 'NOT_ALLOWED' })
    // What is of the patient's name goes by another way, and a draft by none.
    const of = (type: string) => records.find(({ meta }) => meta.type === type)!.meta.recordId
    for (const recordId of [of('draft'), of('identity')]) {
      const moved = { ...input, grants: [{ ...grants[0]!, recordId }] }
      expect(await sharing.share(whole.actor, moved, at())).toMatchObject({ code: 'NOT_ALLOWED' })
    }
    // A site's own member, by their own signature, of what their groups do not manage.
    const { members: signed } = await refresh(doctorB)
    const granter = signed.find(({ memberId }) => memberId === doctorB.memberId)!.keys.sign
    const taken = grants.map((each) => ({ ...each, grant: { ...each.grant, granter } }))
    expect(await sharing.share(doctorB.actor, { ...input, grants: taken }, at())).toMatchObject({ code: 'NOT_ALLOWED' })
    // Nor by a colleague who might, under that name.
    expect(await sharing.share(whole.actor, { ...input, grants: taken }, at())).toMatchObject({ code: 'NOT_ALLOWED' })
    expect((await chartOf(doctorB, appointmentId)).visits.map((visit) => visit.appointmentId)).not.toContain(
      first.appointmentId,
    )
  })

  test('who is in both sites may give them, too', async () => {
    const both = await join(['practitioner'], [siteA, siteB])
    await Promise.all([clinic.owner, doctorA, doctorB, both].map(refresh))
    const { patientId, appointmentId } = await twice()
    const { records } = await chartOf(both, appointmentId)
    const grants = await both.vault.grantToSite({ patientId, site: siteB, records })
    must(await sharing.share(both.actor, { appointmentId, siteId: siteB, grants }, at()))
    const chart = await chartOf(doctorB, appointmentId)
    expect(new Set(await opens(doctorB, chart.records, patientId))).toEqual(new Set(['opened']))
    // Defences: `stale`, and key and number, in isCurrent. What somebody took along is sealed to no more: neither before the site has
    // its next key, nor after.
    const { statements } = await leave(both.memberId)
    const gone = { memberId: both.memberId, statements: statements.slice(0, 1), epochGrants: [] }
    must(await members.removeMember(clinic.owner.actor, gone, at()))
    const late = () => sharing.share(whole.actor, { appointmentId, siteId: siteB, grants }, at())
    expect(await late()).toMatchObject({ code: 'STALE_EPOCH' })
    const next = await clinic.owner.vault.renewEpochs({ clinicId: clinic.clinicId, chain: await chainNow() })
    must(await members.renewEpochs(clinic.owner.actor, next))
    expect(await late()).toMatchObject({ code: 'STALE_EPOCH' })
  })
})
