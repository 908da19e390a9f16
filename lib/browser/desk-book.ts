import type { DeskBooked, DeskContract } from '../desk/rules.ts'
import type { IdentityContent, ReasonContent } from '../record/rules.ts'
import { type Answer, call } from './api.ts'
import { newSecret } from './booking-hold.ts'
import { sendSealed } from './send-sealed.ts'
import type { SealInput } from './vault-api.ts'
import { VaultError } from './vault-error.ts'
import { vault } from './vault.ts'

/** One booking of the desk's, from when the dialog opens: sent twice, it is one. */
export interface DeskTicket {
  id: string
  key: string
  linkSecret: string
  patientId: string
}

export function newTicket(): DeskTicket {
  return { id: crypto.randomUUID(), key: crypto.randomUUID(), linkSecret: newSecret(), patientId: crypto.randomUUID() }
}

type Visit = Omit<DeskContract['desk/book']['in'], 'id' | 'key' | 'linkSecret' | 'patient'>

export interface Caller {
  name: string
  birthDate: string
  reason: string
  email: string
  phone: string
  locale: 'en' | 'fr'
}

/** What the caller said, sealed here and signed as this member's: it opens to whom an own booking's would. */
function draftsOf(clinicId: string, ticket: DeskTicket, visit: Visit, caller: Caller): SealInput[] {
  const { patientId, id: appointmentId } = ticket
  const place = { practitioner: visit.memberId, site: visit.siteId }
  const draft = (type: SealInput['type'], content: unknown): SealInput => ({
    ...{ clinicId, patientId, recordId: crypto.randomUUID(), revision: 1, type, schema: 1, content },
    ...place,
  })
  const { name, birthDate, reason, email, phone } = caller
  const identity: IdentityContent = { name, birthDate, email, ...(phone && { phone }) }
  return [
    draft('identity', identity),
    ...(reason ? [draft('reason', { appointmentId, reason } satisfies ReasonContent)] : []),
  ]
}

type Sent = Answer<DeskBooked> | { ok: false; code: VaultError['code']; fields?: undefined }

export async function bookCaller(clinicId: string, ticket: DeskTicket, visit: Visit, caller: Caller): Promise<Sent> {
  const { id, key, linkSecret, patientId } = ticket
  const { email, phone, locale } = caller
  try {
    return await sendSealed(
      clinicId,
      () => vault().sealMany(draftsOf(clinicId, ticket, visit, caller)),
      (records) =>
        call(
          'desk/book',
          {
            ...{ ...visit, id, key, linkSecret },
            patient: { kind: 'new', patientId, email, phone, locale, records: records as never },
          },
          { retry: true },
        ),
    )
  } catch (error) {
    if (error instanceof VaultError) return { ok: false, code: error.code }
    throw error
  }
}

/** For somebody whom the clinic knows: nothing of them is sealed, and nothing said. */
export const bookKnown = ({ id, key, linkSecret }: DeskTicket, visit: Visit, patientId: string): Promise<Sent> =>
  call('desk/book', { ...visit, id, key, linkSecret, patient: { kind: 'known', patientId } }, { retry: true })
