import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import * as access from '../access/flow'
import * as members from '../access/flow-members'
import * as signInFlow from '../access/flow-sign-in'
import { groupsOf, pronounce, type Role } from '../access/rules'
import { answer, at, must, openTestClinic, PASSWORD, signIn, type TestClinic, vouchFor } from '../access/testing'
import { makeKit, recover, tryKit } from '../account/testing'
import type { Vault } from '../browser/vault-api'
import { createVault } from '../browser/vault-core'
import { rawKeys } from '../browser/vault-context'
import { memoryStorage } from '../browser/vault-storage'
import { fromB64 } from '../crypto/bytes'
import { rekeyFingerprint } from '../crypto/rekey'
import { testDb } from '../server/testing'
import * as flow from './flow'
import { sealLink } from './link'

const { admin } = testDb()
const NEW = 'maple-harbour-saddle-42'
const HOUR = 3_600_000
const publicActor = { kind: 'public' } as const
const seconds = (time: Date) => Math.floor(time.getTime() / 1000)

interface Person {
  vault: Vault
  email: string
  memberId: string
  actor: TestClinic['owner']['actor']
}
let clinic: TestClinic
let owner: Person
let manager: Person

const newVault = () => createVault(memoryStorage())
async function join(roles: Role[]): Promise<Person> {
  const { invitation, vault, memberId, email } = await answer(clinic, roles)
  const { id } = invitation
  await refresh(owner)
  must(await access.vouch(clinic.owner.actor, { id, ...(await vouchFor(clinic, id, invitation)) }, at()))
  return { vault, email, memberId, actor: await signIn(vault, email) }
}
const chainNow = async () => must(await access.loadChain(null, { clinicId: clinic.clinicId }))
async function refresh({ vault, actor }: Pick<Person, 'vault' | 'actor'>) {
  const { clinicId, statements, epochGrants } = must(await access.loadMe(actor))
  return vault.refresh({ chain: { clinicId, statements }, epochGrants })
}

/** A new browser, on the link from the mail. */
async function ask({ memberId }: Pick<Person, 'memberId'>, now: Date, given?: string) {
  const { clinicId } = clinic
  const vault = newVault()
  const token = given ?? (await sealLink({ clinicId, memberId }, now))
  const seen = must(await flow.showLink(publicActor, { token }, at(now)))
  const { request } = await vault.registerStart(NEW)
  const { response } = must(await flow.start(publicActor, { token, request }, at(now)))
  const chain = { clinicId, statements: seen.statements }
  const { words, ...made } = await vault.renewAccount({ clinicId, memberId, response, chain })
  const id = randomUUID()
  const input = { token, id, ...made }
  return { id, vault, words: words.join(' '), input, sent: await flow.request(publicActor, input, at(now)) }
}
type Asked = Awaited<ReturnType<typeof ask>>

const shown = async (by: Person, { id }: Asked, now: Date) =>
  must(await flow.list(by.actor, {}, at(now))).requests.find((row) => row.id === id)!

async function wordOf(by: Person, asked: Asked, now: Date) {
  const { clinicId } = clinic
  const { memberId, keys } = await shown(by, asked, now)
  const { words } = asked
  return by.vault.approveRekey({ clinicId, chain: await chainNow(), memberId, keys, words, at: seconds(now) })
}
const approve = async (by: Person, asked: Asked, now: Date) =>
  flow.approve(by.actor, { id: asked.id, approval: await wordOf(by, asked, now) }, at(now))

async function sign(by: Person, asked: Asked, now: Date) {
  await refresh(by)
  const { memberId, keys } = await shown(by, asked, now)
  // As it is stored: the list leaves out a word that counts no more, and a hostile server would not.
  const [row] = await admin<{ approval: string }>('SELECT approval FROM rekey_request WHERE id = $1', [asked.id])
  const { clinicId } = clinic
  const chain = await chainNow()
  const { words } = asked
  return by.vault.finishRekey({ clinicId, chain, memberId, keys, words, approval: row!.approval, at: seconds(now) })
}
const finish = async (by: Person, asked: Asked, now: Date) =>
  flow.finish(by.actor, { id: asked.id, ...(await sign(by, asked, now)) }, at(now))

beforeAll(async () => {
  clinic = await openTestClinic()
  owner = { ...clinic.owner, memberId: clinic.owner.actor.memberId }
  manager = await join(['admin'])
}, 60_000)

// A day ago, so that what a day later ends is what is open now.
const START = new Date(Date.now() - 24 * HOUR)
const later = (hours: number) => new Date(START.getTime() + hours * HOUR)

describe('new keys for who lost passphrase and kit', () => {
  it('come after two colleagues and a day: the new passphrase opens what the old one did, and the old one nothing', async () => {
    const doctor = await join(['practitioner'])
    const kit = await makeKit(doctor)
    must(await tryKit(doctor, kit.code))
    const asked = await ask(doctor, START)
    must(asked.sent)
    const { clinicId } = clinic
    const where = (now: Date) => flow.status(publicActor, { clinicId, id: asked.id }, at(now))
    expect(must(await where(START))).toMatchObject({ state: 'open', approvedAt: null })
    expect(must(await where(later(24 * 7 + 1))).state).toBe('lapsed')
    expect(await flow.status(publicActor, { clinicId, id: randomUUID() }, at(START))).toMatchObject({
      code: 'NOT_FOUND',
    })
    const { token } = asked.input
    expect(must(await flow.showLink(publicActor, { token }, at(START))).used).toBe(true)
    expect((await shown(manager, asked, START)).may).toBe('approve')
    expect(await shown(doctor, asked, START)).toMatchObject({ may: 'nothing', mayObject: true })
    // The answer was lost: sent once more, it is the same request.
    must(await flow.request(publicActor, asked.input, at(START)))
    expect(await flow.request(publicActor, { ...asked.input, id: randomUUID() }, at(START))).toMatchObject({
      code: 'LINK_EXPIRED',
    })
    must(await approve(manager, asked, START))
    expect(must(await where(START))).toMatchObject({ state: 'open', readyAt: later(24).toISOString() })
    expect((await shown(manager, asked, START)).may).toBe('nothing')
    expect((await shown(owner, asked, START)).may).toBe('finish')
    // Until it is done the old ones go on.
    await signIn(newVault(), doctor.email)
    must(await finish(owner, asked, later(24)))
    expect(must(await where(later(24))).state).toBe('done')

    expect(await signInFlow.findStaff(doctor.actor.sessionId, new Date())).toBeNull()
    await expect(signIn(newVault(), doctor.email, PASSWORD)).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
    expect(await recover(newVault(), kit.code, 'otter-window-quarry-11')).toMatchObject({ code: 'KIT_UNKNOWN' })
    const vault = newVault()
    const actor = await signIn(vault, doctor.email, NEW)
    expect(actor.memberId).toBe(doctor.memberId)
    const view = await refresh({ vault, actor })
    expect(view.waiting).toEqual([])
    expect(view.members.find(({ memberId }) => memberId === doctor.memberId)).toMatchObject({
      keys: asked.input.keys,
      groups: groupsOf(['practitioner']).toSorted(),
    })
    const grants = must(await access.loadMe(actor)).epochGrants.filter(({ to }) => to === asked.input.keys.dh)
    expect(grants.map(({ group, epoch }) => `${group} ${epoch}`).sort()).toEqual(['clinical 2', 'desk 2'])
    // What waited is kept no longer than it waited.
    expect(
      await admin('SELECT state, opaque_record, wrapped_account FROM rekey_request WHERE id = $1', [asked.id]),
    ).toEqual([{ state: 'done', opaque_record: null, wrapped_account: null }])
    // Their first deed with the new keys: whoever comes next is let in by a clinic that goes on.
    await join(['frontdesk'])
  }, 60_000)

  it('can be the owner’s, by the other officer and a member where no second officer is', async () => {
    const doctor = await join(['practitioner'])
    const asked = await ask(owner, START)
    must(await approve(manager, asked, START))
    must(await finish(doctor, asked, later(25)))
    const vault = newVault()
    const actor = await signIn(vault, owner.email, NEW)
    expect(actor.roles).toContain('admin')
    clinic.owner = { vault, email: owner.email, actor }
    owner = { ...clinic.owner, memberId: actor.memberId }
    // Officers' keys waited for one of them to come by; the doctor made those of the doctor's groups.
    const { clinicId } = clinic
    await refresh(manager)
    const made = await manager.vault.renewEpochs({ clinicId, chain: await chainNow() })
    must(await members.renewEpochs(manager.actor, made))
    expect((await refresh(owner)).waiting).toEqual([])
    await join(['practitioner'])
  }, 60_000)

  it('are asked for by a link in the mail alone, and every address has the same answer', async () => {
    const known = await flow.ask(publicActor, { email: manager.email, locale: 'fr' }, at())
    expect(await flow.ask(publicActor, { email: 'nobody@example.org', locale: 'fr' }, at())).toEqual(known)
    const jobs = await admin<{ data: Record<string, string> }>(
      `SELECT data FROM pgboss.job WHERE name = 'mail.rekey-link'`,
    )
    expect(jobs.map(({ data }) => data)).toEqual([
      { clinicId: clinic.clinicId, memberId: manager.memberId, locale: 'fr' },
    ])
    for (let more = 0; more < 2; more++) must(await flow.ask(publicActor, { email: manager.email, locale: 'fr' }, at()))
    expect(await flow.ask(publicActor, { email: manager.email, locale: 'fr' }, at())).toMatchObject({
      code: 'TOO_MANY',
    })
    expect(await flow.showLink(publicActor, { token: 'x'.repeat(300) }, at())).toMatchObject({ code: 'LINK_EXPIRED' })
    const token = await sealLink(manager.actor, START)
    expect(await flow.showLink(publicActor, { token }, at(later(1.1)))).toMatchObject({ code: 'LINK_EXPIRED' })
  }, 60_000)

  it('help no owner who is alone: the link’s page says so, and the server takes no request', async () => {
    const others = { clinic, owner }
    clinic = await openTestClinic()
    const { actor } = clinic.owner
    const token = await sealLink(actor, START)
    expect(must(await flow.showLink(publicActor, { token }, at(START))).colleagues).toBe(false)
    expect((await ask(actor, START)).sent).toMatchObject({ code: 'NOT_ALLOWED' })
    ;({ clinic, owner } = others)
  }, 60_000)
})

describe('attack 7 and 15: new keys for somebody who lost none', () => {
  let doctor: Person
  let clerk: Person
  let asked: Asked
  beforeAll(async () => {
    doctor = await join(['practitioner'])
    clerk = await join(['frontdesk'])
  }, 60_000)

  // Defence: mayRekey and the line on standing.members in takeRekey (statements.ts); mayRekey in lib/crypto.
  it('attack 7: one officer is not two, nobody confirms their own, and whoever is no officer neither', async () => {
    asked = await ask(doctor, START)
    must(asked.sent)
    // Defence: areFresh in request (flow.ts). A colleague's keys, which no browser would take a day later.
    const { members: named } = await refresh(owner)
    const { keys } = named.find(({ memberId }) => memberId === clerk.memberId)!
    const token = await sealLink({ clinicId: clinic.clinicId, memberId: doctor.memberId }, START)
    const used = { ...asked.input, token, id: randomUUID(), keys }
    expect(await flow.request(publicActor, used, at(START))).toMatchObject({ code: 'BAD_INPUT' })
    expect(await approve(doctor, asked, START)).toMatchObject({ code: 'NOT_ALLOWED' })
    expect(await approve(clerk, asked, START)).toMatchObject({ code: 'NOT_ALLOWED' })
    // Defences: `said.by` and `offBy` in approve (flow.ts). A word is taken from who gave it, when they gave it.
    const word = { id: asked.id, approval: await wordOf(manager, asked, START) }
    for (const sent of [flow.approve(owner.actor, word, at(START)), flow.approve(manager.actor, word, at(later(1)))])
      expect(await sent).toMatchObject({ code: 'BAD_INPUT' })
    must(await approve(manager, asked, START))
    expect(await approve(owner, asked, START)).toMatchObject({ code: 'WRONG_STATE' })
    await expect(finish(manager, asked, later(25))).rejects.toMatchObject({ code: 'NOT_VOUCHED' })
    for (const by of [doctor, clerk])
      await expect(finish(by, asked, later(25))).rejects.toMatchObject({ code: 'CHAIN_INVALID' })
    // A browser that signs whatever it likes: the owner's statement, sent by somebody else.
    const signed = await sign(owner, asked, later(25))
    for (const by of [manager, doctor, clerk])
      expect(await flow.finish(by.actor, { id: asked.id, ...signed }, at(later(25)))).toMatchObject({
        code: 'NOT_ALLOWED',
      })
  }, 60_000)

  // Defence: readyAt in `finish` (flow.ts), the line on rekeyHours in takeRekey (statements.ts), rekeySeconds in the vault.
  it('attack 7: 23 hours are no day, by the server’s clock or by the signed times', async () => {
    await expect(finish(owner, asked, later(23))).rejects.toMatchObject({ code: 'TOO_EARLY' })
    const signed = await sign(owner, asked, later(24))
    const early = { id: asked.id, ...signed }
    expect(await flow.finish(owner.actor, early, at(later(23.9)))).toMatchObject({ code: 'TOO_EARLY' })
    await admin(
      `UPDATE rekey_request SET approved_at = approved_at - interval '2 hours', asked_at = asked_at - interval '2 hours' WHERE id = $1`,
      [asked.id],
    )
    // Signed for an hour that has not come.
    expect(await flow.finish(owner.actor, early, at(later(23)))).toMatchObject({ code: 'BAD_INPUT' })
    await expect(finish(owner, asked, later(23))).rejects.toMatchObject({ code: 'TOO_EARLY' })
  }, 60_000)

  // Defence: the words' comparison in the vault; readApproval there and on the server.
  it('attack 7: keys that were exchanged in the database are signed by neither colleague', async () => {
    const [row] = await admin<{ sign_key: string; dh_key: string }>(
      'SELECT sign_key, dh_key FROM rekey_request WHERE id = $1',
      [asked.id],
    )
    const theirs = await ask(clerk, START)
    const put = (keys: { sign: string; dh: string }) =>
      admin('UPDATE rekey_request SET sign_key = $2, dh_key = $3 WHERE id = $1', [asked.id, keys.sign, keys.dh])
    const signed = await sign(owner, asked, later(25))
    await put(theirs.input.keys)
    await expect(sign(owner, asked, later(25))).rejects.toMatchObject({ code: 'WRONG_WORDS' })
    const root = fromB64(clinic.rootFingerprint)
    const rekey = { memberId: doctor.memberId, keys: rawKeys(theirs.input.keys) }
    const print = await rekeyFingerprint(clinic.clinicId, root, rekey)
    const swapped = pronounce(print.subarray(0, 16)).join(' ')
    // Whoever does not compare: the first one's word is of other keys.
    await expect(sign(owner, { ...asked, words: swapped }, later(25))).rejects.toMatchObject({
      code: 'BAD_ENVELOPE',
    })
    expect(await flow.finish(owner.actor, { id: asked.id, ...signed }, at(later(25)))).toMatchObject({ ok: false })
    await put({ sign: row!.sign_key, dh: row!.dh_key })
    await admin(`UPDATE rekey_request SET approval = NULL, approved_by = NULL, approved_at = NULL WHERE id = $1`, [
      asked.id,
    ])
    await put(theirs.input.keys)
    await expect(approve(manager, asked, START)).rejects.toMatchObject({ code: 'WRONG_WORDS' })
    await put({ sign: row!.sign_key, dh: row!.dh_key })
    must(await approve(manager, asked, START))
  }, 60_000)

  it('end when the member, who never asked, or an officer objects', async () => {
    expect(await flow.object(clerk.actor, { id: asked.id }, at())).toMatchObject({ code: 'NOT_ALLOWED' })
    const signed = await sign(owner, asked, later(25))
    must(await flow.object(doctor.actor, { id: asked.id }, at(later(20))))
    const late = await flow.finish(owner.actor, { id: asked.id, ...signed }, at(later(25)))
    expect(late).toMatchObject({ code: 'NOT_FOUND' })
    await signIn(newVault(), doctor.email)
    const again = await ask(doctor, START)
    must(await flow.object(manager.actor, { id: again.id }, at()))
    expect(await shown(owner, again, START)).toBeUndefined()
    const told = await admin<{ what: string }>(
      `SELECT data->>'what' AS what FROM pgboss.job WHERE name = 'mail.rekey' AND data->>'requestId' = $1`,
      [asked.id],
    )
    expect(told.map(({ what }) => what).sort()).toEqual(['asked', 'objected'])
  }, 60_000)

  // Defence: the line on `first` in takeRekey (statements.ts), and in `rekey` of lib/crypto/chain.
  it('attack 7: the word of an officer who was removed since counts no more', async () => {
    const deputy = await join(['admin'])
    const once = await ask(doctor, START)
    must(await approve(deputy, once, START))
    await refresh(owner)
    const { clinicId } = clinic
    const { memberId } = deputy
    const signed = await owner.vault.removeMember({ clinicId, chain: await chainNow(), memberId })
    must(await members.removeMember(owner.actor, { memberId, ...signed }, at()))
    await expect(sign(owner, once, later(25))).rejects.toMatchObject({ code: 'CHAIN_INVALID' })
    const { statements, epochGrants } = await owner.vault.renewEpochs({ clinicId, chain: await chainNow() })
    expect([statements, epochGrants]).toEqual([[], []])
    // Somebody else's takes its place, and the day counts anew.
    must(await approve(manager, once, later(3)))
    await expect(finish(owner, once, later(25))).rejects.toMatchObject({ code: 'TOO_EARLY' })
    must(await finish(owner, once, later(27)))
  }, 60_000)

  it('last a week and end before a new request', async () => {
    const first = await ask(clerk, START)
    const second = await ask(clerk, START)
    const listed = must(await flow.list(owner.actor, {}, at(START))).requests.map(({ id }) => id)
    expect(listed).toContain(second.id)
    expect(listed).not.toContain(first.id)
    expect(must(await flow.list(owner.actor, {}, at(later(24 * 7)))).requests).toEqual([])
  }, 60_000)
})
