import type { z } from 'zod'
import type { ClinicDetails, InvitationView, OwnerDetails } from '../access/rules.ts'
import { call } from './api.ts'
import type { SessionCode } from './staff-session.ts'
import { vault } from './vault.ts'
import { VaultError } from './vault-error.ts'

type Done<T> = { ok: true; value: T } | { ok: false; code: SessionCode; fields?: Record<string, string> }

/** What a repeat must send again unchanged: the keys are made once, whatever happens to the answer. */
type Opening = Parameters<typeof call<'access/open-clinic'>>[1]
let made: { passphrase: string; email: string; opening: Opening } | null = null

/** The owner's browser makes the root, the chain's beginning, the owner's keys and the groups' first epochs. */
export async function openClinic(
  { clinic, code }: { clinic: z.output<typeof ClinicDetails>; code: string },
  owner: z.output<typeof OwnerDetails> & { practitioner: boolean },
  passphrase: string,
): Promise<Done<{ clinicId: string; slug: string; rootFingerprint: string }>> {
  const { practitioner, ...person } = owner
  return attempt(async () => {
    if (made?.passphrase !== passphrase || made.email !== person.email || made.opening.practitioner !== practitioner) {
      const [clinicId, memberId] = [crypto.randomUUID(), crypto.randomUUID()]
      const { request } = await vault().registerStart(passphrase)
      const started = await call('access/register-start', { email: person.email, request })
      if (!started.ok) return started
      const roles = practitioner ? ['admin', 'practitioner'] : ['admin']
      const keys = await vault().registerOwner({ clinicId, memberId, response: started.value.response, roles })
      made = {
        passphrase,
        email: person.email,
        opening: { clinicId, memberId, clinic, owner: person, practitioner, ...keys },
      }
    }
    const opening = { ...made.opening, clinic, owner: person, ...(code ? { code } : {}) }
    const answer = await call('access/open-clinic', opening)
    if (!answer.ok) return answer
    return { ok: true, value: { ...answer.value, rootFingerprint: opening.rootFingerprint } }
  })
}

/** A newcomer's own keys, authenticated by the secret in the link's fragment. `code`: to compare with the inviter's. */
export async function joinClinic(
  invitation: InvitationView & { secret: string; rootFingerprint: string },
  person: { displayName: string; title: string; email: string },
  passphrase: string,
): Promise<Done<{ code: string }>> {
  return attempt(async () => {
    const { id, clinicId, secret, rootFingerprint, roles, groups } = invitation
    // A group of one's own is named after the member, before whom the invitation was.
    const memberId = groups.includes(`clinical:${id}`) ? id : crypto.randomUUID()
    const { request } = await vault().registerStart(passphrase)
    const started = await call('access/register-start', { email: person.email, request })
    if (!started.ok) return started
    const { response } = started.value
    const { code, ...keys } = await vault().registerMember({
      clinicId,
      memberId,
      response,
      invitation: { id, secret, rootFingerprint, roles, groups },
    })
    const answer = await call('access/join', { id, memberId, ...person, ...keys })
    return answer.ok ? { ok: true, value: { code } } : answer
  })
}

async function attempt<T>(work: () => Promise<Done<T>>): Promise<Done<T>> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof VaultError) return { ok: false, code: error.code }
    throw error
  }
}
