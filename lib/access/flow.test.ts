import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Group } from '@/lib/crypto/types'
import { env } from '@/lib/server/env'
import { testDb } from '../server/testing'
import * as flow from './flow'
import { changeMember } from './flow-members'
import * as signInFlow from './flow-sign-in'
import type { Role } from './rules'
import { answer, at, must, openTestClinic, PASSWORD, signIn, type TestClinic, vouchFor } from './testing'

const { admin } = testDb()
const publicActor = { kind: 'public' } as const
let clinic: TestClinic
beforeAll(async () => {
  clinic = await openTestClinic()
}, 60_000)

describe('signing in', () => {
  const start = async (email: string, password: string, ip = at()) => {
    const { request } = await clinic.owner.vault.signInStart(password)
    return signInFlow.startSignIn(publicActor, { email, request }, ip)
  }

  it('opens a session by the password, and ends it by signing out at the next request', async () => {
    const actor = await signIn(clinic.owner.vault, clinic.owner.email)
    expect(actor).toMatchObject({ clinicId: clinic.clinicId, roles: ['admin', 'practitioner'] })
    must(await signInFlow.signOut(actor, {}, at()))
    expect(await signInFlow.findStaff(actor.sessionId, new Date())).toBeNull()
  })

  it('knows nobody by a session that was revoked, has ended, or whose member was removed', async () => {
    const actor = await signIn(clinic.owner.vault, clinic.owner.email)
    const tomorrow = new Date(Date.now() + 24 * 3_600_000)
    expect(await signInFlow.findStaff(actor.sessionId, tomorrow)).toBeNull()
    await admin(`UPDATE member_session SET revoked_at = now() WHERE id = $1`, [actor.sessionId])
    expect(await signInFlow.findStaff(actor.sessionId, new Date())).toBeNull()
    expect(await signInFlow.findStaff(randomUUID(), new Date())).toBeNull()
    expect(await signInFlow.findStaff('no-uuid', new Date())).toBeNull()
  })

  it('answers an unknown address as a known one, and a wrong password gets no proof', async () => {
    const known = must(await start(clinic.owner.email, 'not-the-right-one-91'))
    const unknown = must(await start(`${randomUUID()}@example.org`, PASSWORD))
    expect(unknown.response.length).toBe(known.response.length)
    expect(Math.abs(unknown.state.length - known.state.length)).toBeLessThan(12)
    await expect(clinic.owner.vault.signInFinish({ response: known.response })).rejects.toMatchObject({
      code: 'WRONG_PASSWORD',
    })
    await signInFlow.finishSignIn(publicActor, { state: known.state, finish: 'AAAA' }, at()).then((result) => {
      expect(result).toMatchObject({ ok: false, code: 'WRONG_PASSWORD' })
    })
  })

  it('takes a finished login once, a proof once and for a minute, and nothing that is none', async () => {
    const { vault, email } = clinic.owner
    const { request } = await vault.signInStart(PASSWORD)
    const { response, state } = must(await signInFlow.startSignIn(publicActor, { email, request }, at()))
    const { finish } = await vault.signInFinish({ response })
    const { proof } = must(await signInFlow.finishSignIn(publicActor, { state, finish }, at()))
    expect(await signInFlow.finishSignIn(publicActor, { state, finish }, at())).toMatchObject({
      ok: false,
      code: 'PROOF_USED',
    })
    expect(await signInFlow.openSession(proof, '', new Date(Date.now() + 61_000))).toBeNull()
    expect(await signInFlow.openSession(proof, '', new Date())).not.toBeNull()
    expect(await signInFlow.openSession(proof, '', new Date())).toBeNull()
    for (const none of ['', 'x', PASSWORD, 'A'.repeat(43)])
      expect(await signInFlow.openSession(none, '', new Date())).toBeNull()
    const late = at(new Date(Date.now() + 120_000))
    const again = must(await signInFlow.startSignIn(publicActor, { email, request }, at()))
    const answer = await signInFlow.finishSignIn(publicActor, { state: again.state, finish }, late)
    expect(answer).toMatchObject({ ok: false, code: 'PROOF_USED' })
  })

  it('slows down guesses for one address', async () => {
    const email = `${randomUUID()}@example.org`
    const codes: string[] = []
    const from = at()
    for (let guess = 0; guess < 12; guess++) {
      const answer = await start(email, `guess-number-${guess}-of-many`, from)
      codes.push(answer.ok ? 'ok' : answer.code)
    }
    expect(codes.slice(0, 10)).toEqual(Array(10).fill('ok'))
    expect(codes.slice(10)).toEqual(['TOO_MANY', 'TOO_MANY'])
    // Defence: countGuess counts by the pair first. Ten guesses from anywhere would shut the owner of the address out.
    expect((await start(email, 'from-where-the-owner-is')).ok).toBe(true)
  })

  // Defence: the limit `sign-in-email` behind the pair's.
  it('slows down guesses for one address that come from everywhere', async () => {
    const email = `${randomUUID()}@example.org`
    const codes: boolean[] = []
    for (let guess = 0; guess < 42; guess++) codes.push((await start(email, 'guess', { ...at(), ip: randomUUID() })).ok)
    expect(codes).toEqual([...Array<boolean>(40).fill(true), false, false])
  })

  // Defence: `guess` in startRegistration. Its answer tells of a guess as a sign-in's does.
  it('slows down guesses that are dressed as registrations, in one count with sign-ins', async () => {
    const email = `${randomUUID()}@example.org`
    const codeOf = (answer: { ok: true } | { ok: false; code: string }) => (answer.ok ? 'ok' : answer.code)
    const codes: string[] = []
    const from = at()
    for (let guess = 0; guess < 12; guess++) {
      const { request } = await clinic.owner.vault.registerStart(`guess-number-${guess}-of-many`)
      codes.push(codeOf(await signInFlow.startRegistration(publicActor, { email, request }, from)))
    }
    expect(codes).toEqual([...Array<string>(10).fill('ok'), 'TOO_MANY', 'TOO_MANY'])
    expect(codeOf(await start(email, 'guess-by-another-door', from))).toBe('TOO_MANY')
  })

  // Defence: giveBack in finishSignIn, in place of forgive.
  it('keeps count of what was guessed from one address at others’, whoever signs in there meanwhile', async () => {
    const ip = `192.0.2.${Math.floor(Math.random() * 250)}`
    const from = { now: new Date(), ip }
    const { vault, email } = clinic.owner
    // Sixty in a quarter of an hour.
    for (let guess = 0; guess < 59; guess++) {
      const answer = await start(`${randomUUID()}@example.org`, 'guess-at-somebody-else', from)
      expect(answer.ok).toBe(true)
    }
    const { request } = await vault.signInStart(PASSWORD)
    const { response, state } = must(await signInFlow.startSignIn(publicActor, { email, request }, from))
    const { finish } = await vault.signInFinish({ response })
    must(await signInFlow.finishSignIn(publicActor, { state, finish }, from))
    expect((await start(`${randomUUID()}@example.org`, 'the-sixtieth-guess', from)).ok).toBe(true)
    const over = await start(`${randomUUID()}@example.org`, 'one-guess-too-many', from)
    expect(over).toMatchObject({ ok: false, code: 'TOO_MANY' })
  })
})

describe('opening a clinic', () => {
  it('is one clinic however often it is sent', async () => {
    expect(must(await flow.openClinic(publicActor, clinic.opening, at())).clinicId).toBe(clinic.clinicId)
  })
  // Defence: refusedSignup. Without it any stranger hosts a clinic here, and mails from it.
  it('is for whom the installation lets', async () => {
    const again = (code?: string) => flow.openClinic(publicActor, { ...clinic.opening, code }, at())
    const modes = env()
    try {
      Object.assign(modes, { CLINIC_SIGNUP: 'closed', CLINIC_SIGNUP_CODE: 'the code of this one' })
      expect(await again('the code of this one')).toEqual({ ok: false, code: 'SIGNUP_CLOSED' })
      Object.assign(modes, { CLINIC_SIGNUP: 'code' })
      for (const code of [undefined, '', 'the code of this ONE'])
        expect(await again(code)).toEqual({ ok: false, code: 'SIGNUP_CLOSED', fields: { code: 'invalid' } })
      expect(await again('the code of this one')).toMatchObject({ ok: true })
    } finally {
      Object.assign(modes, { CLINIC_SIGNUP: 'open' })
    }
    expect(await again()).toMatchObject({ ok: true })
  })
  it('leaves nothing of a second one under the same name or address', async () => {
    const before = await admin('SELECT count(*) FROM clinic')
    const other = { ...clinic.opening, clinicId: randomUUID(), memberId: randomUUID() }
    expect(await flow.openClinic(publicActor, other, at())).toMatchObject({ ok: false, code: 'BAD_INPUT' })
    expect(await admin('SELECT count(*) FROM clinic')).toEqual(before)
  })
  it('refuses statements that do not follow each other', async () => {
    const statements = clinic.opening.statements.slice(1)
    const opening = { ...clinic.opening, clinicId: randomUUID(), statements }
    expect(await flow.openClinic(publicActor, opening, at())).toMatchObject({ ok: false, code: 'BAD_INPUT' })
  })
})

describe('inviting', () => {
  it('makes a member of who answers, once the inviter vouches; a second signature on the same head is refused', async () => {
    const [first, second] = [await answer(clinic, ['frontdesk']), await answer(clinic, ['practitioner'])]
    const one = await vouchFor(clinic, first.invitation.id, first.invitation)
    const two = await vouchFor(clinic, second.invitation.id, second.invitation)
    must(await flow.vouch(clinic.owner.actor, { id: first.invitation.id, ...one }, at()))
    const raced = await flow.vouch(clinic.owner.actor, { id: second.invitation.id, ...two }, at())
    expect(raced).toMatchObject({ ok: false, code: 'CHAIN_MOVED' })
    const again = await vouchFor(clinic, second.invitation.id, second.invitation)
    must(await flow.vouch(clinic.owner.actor, { id: second.invitation.id, ...again }, at()))
    expect((await signIn(first.vault, first.email)).roles).toEqual(['frontdesk'])
    expect((await signIn(second.vault, second.email)).roles).toEqual(['practitioner'])
  })

  it('gives an owner who saw no patients a practitioner’s role, by a statement that every browser verifies', async () => {
    const later = await openTestClinic(false)
    const { clinicId, owner } = later
    const { memberId } = owner.actor
    expect(owner.actor.roles).toEqual(['admin'])
    const roles: Role[] = ['admin', 'practitioner']
    const sign = async () => {
      const chain = must(await flow.loadChain(null, { clinicId }))
      const groups: Group[] = ['desk', 'clinical', 'officers']
      return owner.vault.changeMember({ clinicId, chain, memberId, roles, groups })
    }
    const role = { memberId, roles, ownPatients: false }
    const signed = await sign()
    const [statement] = signed.statements
    const stale = { ...statement!, seq: statement!.seq + 1 }
    expect(await changeMember(owner.actor, { ...role, ...signed, statements: [stale] })).toMatchObject({
      code: 'CHAIN_MOVED',
    })
    expect((await signInFlow.findStaff(owner.actor.sessionId, new Date()))!.roles).toEqual(['admin'])
    must(await changeMember(owner.actor, { ...role, ...signed }))
    expect((await signInFlow.findStaff(owner.actor.sessionId, new Date()))!.roles).toEqual(['admin', 'practitioner'])
    const view = await owner.vault.loadChain(must(await flow.loadChain(null, { clinicId })))
    expect(view.members).toMatchObject([{ memberId, roles: ['admin', 'practitioner'] }])
    await expect(sign()).rejects.toMatchObject({ code: 'CHAIN_INVALID' })
    expect(await changeMember(owner.actor, { ...role, ...signed })).toMatchObject({ code: 'STALE' })
  })

  it('gives a receptionist who becomes a practitioner the clinical keys', async () => {
    const { invitation, vault, memberId, email } = await answer(clinic, ['frontdesk'])
    must(
      await flow.vouch(
        clinic.owner.actor,
        { id: invitation.id, ...(await vouchFor(clinic, invitation.id, invitation)) },
        at(),
      ),
    )
    const { clinicId, owner } = clinic
    const chain = must(await flow.loadChain(null, { clinicId }))
    const role = { memberId, roles: ['frontdesk', 'practitioner'] as Role[], ownPatients: false }
    const signed = await owner.vault.changeMember({ clinicId, chain, ...role, groups: ['desk', 'clinical'] })
    expect(signed.epochGrants.map(({ group }) => group)).toEqual(['clinical'])
    must(await changeMember(owner.actor, { ...role, ...signed }))
    const actor = await signIn(vault, email)
    expect(actor.roles).toEqual(['frontdesk', 'practitioner'])
    const grants = must(await flow.loadMe(actor)).epochGrants.filter(({ to }) => to === signed.epochGrants[0]!.to)
    expect(grants.map(({ group }) => group).sort()).toEqual(['clinical', 'desk'])
    const { statements } = must(await flow.loadChain(null, { clinicId }))
    const officer = { clinicId, chain: { clinicId, statements }, memberId, roles: ['admin'], groups: [] }
    await expect(vault.changeMember(officer), 'no officer signs no role').rejects.toMatchObject({
      code: 'CHAIN_INVALID',
    })
  })

  // Fails when `join` does not compare the claim with the invitation's hash (lib/access/flow.ts).
  it('attack 7: who saw the path of an invitation’s link, and not its fragment, does not answer in the newcomer’s place', async () => {
    const { claimHash, id } = await clinic.owner.vault.newInvitation()
    const invited = { id, claimHash, displayName: 'Grace', title: '', roles: ['frontdesk' as const] }
    must(await flow.invite(clinic.owner.actor, invited, at()))
    const person = { memberId: randomUUID(), email: `${randomUUID()}@example.org`, displayName: 'Mallory', title: '' }
    const account = { record: 'AAAA', wrappedAccount: 'AAAA', keys: { sign: 'AAAA', dh: 'AAAA' }, mac: 'AAAA' }
    for (const claim of ['AAAA', claimHash, randomUUID()])
      expect(await flow.join(publicActor, { id, ...person, ...account, claim }, at())).toMatchObject({
        code: 'NOT_FOUND',
      })
    expect(must(await flow.showInvitation(null, { id }, at())).state).toBe('open')
  })

  it('lets nobody in who answered and was not vouched for', async () => {
    const { vault, email } = await answer(clinic, ['practitioner'])
    const { request } = await vault.signInStart(PASSWORD)
    const { response } = must(await signInFlow.startSignIn(publicActor, { email, request }, at()))
    await expect(vault.signInFinish({ response })).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
  })

  it('is answered once, not after a week, and not once withdrawn', async () => {
    const { invitation } = await answer(clinic, ['frontdesk'])
    const view = must(await flow.showInvitation(null, { id: invitation.id }, at()))
    expect(view.state).toBe('answered')
    must(await flow.cancelInvitation(clinic.owner.actor, { id: invitation.id }, at()))
    expect(must(await flow.showInvitation(null, { id: invitation.id }, at())).state).toBe('cancelled')
    expect(await flow.cancelInvitation(clinic.owner.actor, { id: invitation.id }, at())).toMatchObject({
      code: 'WRONG_STATE',
    })
  })

  // Fails when lib/browser/vault-invitations.ts does not check the newcomer's MAC before it signs.
  it("attack 7: a newcomer's keys swapped by SQL are refused by the inviter's browser", async () => {
    const [victim, thief] = [await answer(clinic, ['practitioner']), await answer(clinic, ['practitioner'])]
    await admin(
      `UPDATE member v SET sign_key = t.sign_key || '', dh_key = t.dh_key || '' FROM member t WHERE v.id = $1 AND t.id = $2`,
      [victim.memberId, thief.memberId],
    )
    await expect(vouchFor(clinic, victim.invitation.id, victim.invitation)).rejects.toMatchObject({
      code: 'BAD_INVITATION',
    })
  })

  // Fails when lib/access/statements.ts does not verify signatures: the chain takes no row back, and every browser would refuse it.
  it('attack 7: a statement that nobody signed does not shut the clinic for good', async () => {
    const { invitation } = await answer(clinic, ['frontdesk'])
    const { id } = invitation
    const signed = await vouchFor(clinic, id, invitation)
    const unsigned = signed.statements.map((one) => ({ ...one, signature: 'A'.repeat(86) }))
    const refused = await flow.vouch(clinic.owner.actor, { id, ...signed, statements: unsigned }, at())
    expect(refused).toMatchObject({ ok: false, code: 'BAD_INPUT' })
    await clinic.owner.vault.loadChain(must(await flow.loadChain(null, { clinicId: clinic.clinicId })))
    must(await flow.vouch(clinic.owner.actor, { id, ...signed }, at()))
  })

  // Fails when `invite` does not ask maySign (lib/access/flow.ts): the newcomer would answer, and wait for what nobody can sign.
  it('attack 7: an officer outside clinical invites no practitioner', async () => {
    const { invitation, vault, email } = await answer(clinic, ['admin'])
    must(
      await flow.vouch(
        clinic.owner.actor,
        { id: invitation.id, ...(await vouchFor(clinic, invitation.id, invitation)) },
        at(),
      ),
    )
    const officer = await signIn(vault, email)
    const invited = (role: Role) => ({
      id: randomUUID(),
      displayName: 'Grace',
      title: '',
      roles: [role],
      claimHash: 'x',
    })
    expect(await flow.invite(officer, invited('practitioner'), at())).toMatchObject({ code: 'NOT_ALLOWED' })
    must(await flow.invite(officer, invited('frontdesk'), at()))
  })

  // Fails when a vault takes members from anything but the verified chain.
  it('attack 7: a member inserted by SQL is none to any vault', async () => {
    const ghost = randomUUID()
    await admin(
      `INSERT INTO member (id, clinic_id, email_index, email_sealed, display_name, roles, status, sign_key, dh_key)
       SELECT $1::uuid, clinic_id, decode(md5($1::text), 'hex'), '\\x00', 'Ghost', roles, 'active', sign_key, dh_key FROM member WHERE id = $2::uuid`,
      [ghost, clinic.owner.actor.memberId],
    )
    const chain = must(await flow.loadChain(null, { clinicId: clinic.clinicId }))
    const view = await clinic.owner.vault.loadChain(chain)
    expect(view.members.map(({ memberId }) => memberId)).not.toContain(ghost)
    const listed = must(await flow.listStaff(clinic.owner.actor, {}, at())).members
    expect(listed.map(({ memberId }) => memberId)).toContain(ghost)
    await admin('DELETE FROM member WHERE id = $1', [ghost])
  })
})
