// A clinic with several sites, through the flows, with real keys: whoever sees one opens what is of that one.
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { createVault } from '../browser/vault-core'
import { memoryStorage } from '../browser/vault-storage'
import { seesPatient } from '../emergency/store'
import * as encounters from '../encounter/flow'
import * as recalls from '../recall/flow'
import * as recognition from '../recognition/flow'
import { inClinic } from '../server/tx'
import * as sites from '../site/flow'
import * as flow from './flow'
import * as members from './flow-members'
import { groupsAfter, type Role } from './rules'
import { answer, at, everyRow, must, opens } from './testing'
import {
  admin,
  clinic,
  deskA,
  deskB,
  doctorA,
  doctorB,
  whole,
  serviceId,
  siteA,
  siteB,
  refresh,
  join,
  book,
  move,
  chainNow,
  shut,
  all,
  leave,
  type Colleague,
  openSites,
} from './sites-world'

beforeAll(openSites, 240_000)

test('the first further site makes a site of the place that the clinic had, with its hours', async () => {
  const { sites: listed } = must(await sites.list(clinic.owner.actor, {}, at()))
  expect(listed.map(({ name, hours, members: count }) => [name, hours, count])).toEqual([
    ['South', 1, 2],
    ['North', 0, 2],
  ])
  // Whoever is there by the chain keeps it open, whatever the rows say.
  expect(await sites.close(clinic.owner.actor, { id: siteB }, at())).toMatchObject({ code: 'SITE_IN_USE' })
})

test('each site has its day, charts, recalls and devices; the whole clinic’s have all of it', async () => {
  const [atA, atB] = [await book(whole.memberId, siteA), await book(whole.memberId, siteB)]
  const seen = async ({ actor }: Colleague) =>
    must(await encounters.loadDay(actor, { day: atA.day }, at())).rows.map((row) => row.patientId)
  expect(await seen(deskA)).toEqual([atA.patientId])
  expect(await seen(deskB)).toEqual([atB.patientId])
  expect(await seen(doctorB)).toEqual([atB.patientId])
  expect(await seen(whole)).toEqual([atA.patientId, atB.patientId])
  const day = must(await encounters.loadDay(deskB.actor, { day: atA.day }, at()))
  expect(day.rows[0]).toMatchObject({ siteId: siteB, site: 'North' })
  expect(await opens(deskB, day.records, atB.patientId)).toEqual(['opened', 'opened'])

  // Nor is anything of the other site's patients prepared for an emergency by who does not see them.
  const sees = ({ actor }: Colleague, patientId: string) =>
    inClinic(actor.clinicId, (tx) => seesPatient(tx, actor, patientId))
  expect([await sees(doctorA, atA.patientId), await sees(doctorA, atB.patientId)]).toEqual([true, false])
  expect(await sees(whole, atB.patientId)).toBe(true)

  const { appointmentId } = atB
  expect(await encounters.openEncounter(doctorA.actor, { appointmentId }, at())).toMatchObject({ code: 'NOT_FOUND' })
  const view = must(await encounters.openEncounter(doctorB.actor, { appointmentId }, at()))
  expect(await opens(doctorB, view.records, atB.patientId)).toEqual(all)
  // What one of the site writes there the others of it read, and the whole clinic's.
  const place = { clinicId: clinic.clinicId, patientId: atB.patientId, revision: 1, schema: 1 }
  const visit = { practitioner: whole.memberId, site: siteB }
  const note = await doctorB.vault.seal({ ...place, ...visit, recordId: randomUUID(), type: 'note', content: {} })
  expect(await opens(whole, [note], atB.patientId)).toEqual(['opened'])
  expect(await opens(doctorA, [note], atB.patientId)).toEqual(['NOT_FOR_YOU'])

  const recall = await doctorB.vault.seal({ ...place, ...visit, recordId: randomUUID(), type: 'recall', content: {} })
  const dueOn = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10)
  const id = randomUUID()
  must(await recalls.setRecall(doctorB.actor, { id, appointmentId, serviceId, dueOn, record: recall }, at()))
  const listed = async ({ actor }: Colleague) =>
    must(await recalls.list(actor, { status: 'open' }, at())).recalls.map((row) => row.id)
  expect([await listed(deskA), await listed(deskB), await listed(doctorA)]).toEqual([[], [id], []])
  expect(await recalls.inviteNow(deskA.actor, { id }, at())).toMatchObject({ code: 'NOT_FOUND' })
  expect(await recognition.newDevices(deskA.actor, { appointmentId })).toMatchObject({ code: 'NOT_FOUND' })
  must(await recognition.newDevices(deskB.actor, { appointmentId }))
})

describe('a curious colleague of the other site, with all ciphertext and all key grants of the database,', () => {
  // Defence: the scopes in groupsOf (rules.ts), and `scopes` in audienceOf (lib/crypto/policy.ts).
  test('attack 17: opens nothing of it', async () => {
    const [atA, atB] = [await book(whole.memberId, siteA), await book(doctorB.memberId, siteB)]
    const rows = await everyRow(clinic.clinicId)
    const grants = (await inClinic(clinic.clinicId, (tx) => tx.epochGrant.findMany())).map(
      ({ group, epoch, toKey, enc, ct }) => ({ group: group as 'clinical', epoch, to: toKey, enc, ct }),
    )
    const of = (patientId: string) => rows.filter((row) => row.meta.patientId === patientId)
    for (const who of [deskA, doctorA]) {
      await who.vault.refresh({ chain: await chainNow(), epochGrants: grants })
      expect(await opens(who, of(atB.patientId), atB.patientId)).toEqual(shut)
    }
    expect(await opens(doctorA, of(atA.patientId), atA.patientId)).toEqual(all)
    expect((await opens(deskA, of(atA.patientId), atA.patientId)).sort()).toEqual(['NOT_FOR_YOU', 'opened', 'opened'])
  })

  // Defence: membership by the verified chain alone (lib/crypto/chain.ts), whatever rows say.
  test('attack 7: nor whom a hostile server puts there by SQL: rows are no keys, and the chain refuses the statement', async () => {
    const { clinicId } = clinic
    const { appointmentId, day, patientId } = await book(doctorB.memberId, siteB)
    await admin('INSERT INTO member_site (clinic_id, member_id, site_id) VALUES ($1, $2, $3)', [
      ...[clinicId, deskA.memberId, siteB],
    ])
    const view = must(await encounters.loadDay(deskA.actor, { day }, at()))
    const theirs = view.records.filter((record) => record.meta.patientId === patientId)
    expect(theirs).toHaveLength(2)
    expect(await opens(deskA, theirs, patientId)).toEqual(['NOT_FOR_YOU', 'NOT_FOR_YOU'])
    must(await recognition.newDevices(deskA.actor, { appointmentId }))
    await admin('DELETE FROM member_site WHERE member_id = $1 AND site_id = $2', [deskA.memberId, siteB])

    // A receptionist who signs themselves in, as the server's own door and as every browser see it.
    const chain = await chainNow()
    const given = { clinicId, chain, memberId: deskA.memberId, roles: ['frontdesk'] as Role[] }
    const groups = [`desk:${siteA}`, `desk:${siteB}`] as const
    await expect(deskA.vault.changeMember({ ...given, groups: [...groups] })).rejects.toMatchObject({
      code: 'CHAIN_INVALID',
    })
    // An officer's statement for one site, made to name the other.
    const { members: signed } = await refresh(clinic.owner)
    const member = signed.find((each) => each.memberId === deskA.memberId)!
    const next = groupsAfter(member, { roles: ['frontdesk', 'practitioner'], ownPatients: false, siteIds: [siteA] })
    const made = await clinic.owner.vault.changeMember({
      ...given,
      roles: ['frontdesk', 'practitioner'],
      groups: next,
    })
    const asked = { memberId: deskA.memberId, roles: ['frontdesk', 'practitioner'] as Role[], ownPatients: false }
    expect(await members.changeMember(clinic.owner.actor, { ...asked, siteIds: [siteB], ...made })).toMatchObject({
      ok: false,
    })
    const [body] = made.statements.map((each) => Buffer.from(each.body, 'base64url'))
    const swapped = Buffer.from(body!.toString('latin1').replaceAll(siteA, siteB), 'latin1').toString('base64url')
    const forged = { clinicId, statements: [...chain.statements, { ...made.statements[0]!, body: swapped }] }
    await expect(createVault(memoryStorage()).loadChain(forged, clinic.rootFingerprint)).rejects.toMatchObject({
      code: 'CHAIN_INVALID',
    })
  })

  // Defence: `siteAmong` in audienceOf.
  test('attack 7: nor does a server that names their site of another’s visit put them among its readers', async () => {
    const { records, patientId } = await book(doctorB.memberId, siteA)
    expect(await opens(doctorA, records, patientId)).toEqual(shut)
    expect(await opens(doctorB, records, patientId)).toEqual(all)
  })
})

test('a patient who visits a second site gives their name there, and no earlier record of the first', async () => {
  const first = await book(doctorA.memberId, siteA)
  const second = await book(doctorB.memberId, siteB, first)
  expect(await opens(doctorB, second.records, first.patientId)).toEqual(all)
  const rows = (await everyRow(clinic.clinicId)).filter((row) => row.meta.patientId === first.patientId)
  const earlier = rows.filter((row) => first.records.some(({ meta }) => meta.recordId === row.meta.recordId))
  expect(earlier).toHaveLength(3)
  expect(await opens(doctorB, earlier, first.patientId)).toEqual(shut)
  const view = must(await encounters.openEncounter(doctorB.actor, { appointmentId: second.appointmentId }, at()))
  expect(view.records.map((record) => record.meta.recordId).sort()).toEqual(
    second.records.map((record) => record.meta.recordId).sort(),
  )
  expect(view.visits.map((visit) => visit.appointmentId)).toEqual([second.appointmentId])
})

test('attack 15: whoever moves to another site opens nothing new of the former', async () => {
  const mover = await join(['practitioner'], [siteA])
  await Promise.all([clinic.owner, doctorA, doctorB].map(refresh))
  must(await move(mover.memberId, ['practitioner'], [siteB]))
  await Promise.all([mover, clinic.owner, doctorA, doctorB, whole].map(refresh))
  const [atA, atB] = [await book(doctorA.memberId, siteA), await book(doctorB.memberId, siteB)]
  expect(await opens(mover, atA.records, atA.patientId)).toEqual(shut)
  expect(await opens(mover, atB.records, atB.patientId)).toEqual(all)
  expect(await opens(doctorA, atA.records, atA.patientId)).toEqual(all)
  const seen = must(await encounters.loadDay(mover.actor, { day: atA.day }, at())).rows
  expect(seen.some((row) => row.siteId === siteA)).toBe(false)
  must(
    await members.removeMember(
      clinic.owner.actor,
      { memberId: mover.memberId, ...(await leave(mover.memberId)) },
      at(),
    ),
  )
})

test('a site is closed once nobody is there, and not before', async () => {
  const { owner } = clinic
  const [id, name] = [randomUUID(), 'East']
  must(await sites.add(owner.actor, { id, name, address: '', here: null }))
  const lone = await join(['frontdesk'], [id])
  expect(await sites.close(owner.actor, { id }, at())).toMatchObject({ code: 'SITE_IN_USE' })
  // Defence: isSigned in close(). Whoever is there by the chain is, though the rows that say so were taken out.
  await admin('DELETE FROM member_site WHERE site_id = $1', [id])
  expect(await sites.close(owner.actor, { id }, at())).toMatchObject({ code: 'SITE_IN_USE' })
  must(await members.removeMember(owner.actor, { memberId: lone.memberId, ...(await leave(lone.memberId)) }, at()))
  // Defence: `awaited` in listUse(). Nothing of somebody who is invited there is in a statement yet.
  const coming = { id: randomUUID(), displayName: 'H', title: '', roles: ['frontdesk'] as Role[], claimHash: 'y' }
  must(await flow.invite(owner.actor, { ...coming, siteIds: [id] }, at()))
  expect(await sites.close(owner.actor, { id }, at())).toMatchObject({ code: 'SITE_IN_USE' })
  must(await flow.cancelInvitation(owner.actor, { id: coming.id }, at()))
  // Defence: `members` in close(). Who answered and waits to be vouched for is a row alone.
  const { invitation } = await answer(clinic, ['frontdesk'], false, [id])
  expect(await sites.close(owner.actor, { id }, at())).toMatchObject({ code: 'SITE_IN_USE' })
  must(await flow.cancelInvitation(owner.actor, { id: invitation.id }, at()))
  const { appointmentId } = await book(whole.memberId, id)
  expect(await sites.close(owner.actor, { id }, at())).toMatchObject({ code: 'SITE_IN_USE' })
  await admin(`UPDATE appointment SET status = 'cancelled' WHERE id = $1`, [appointmentId])
  must(await sites.close(owner.actor, { id }, at()))
  expect(must(await sites.list(owner.actor, {}, at())).sites.map((site) => site.id)).not.toContain(id)
  const again = { id: randomUUID(), displayName: 'G', title: '', roles: ['frontdesk'] as Role[], claimHash: 'x' }
  expect(await flow.invite(owner.actor, { ...again, siteIds: [id] }, at())).toMatchObject({ code: 'BAD_INPUT' })
})
