import 'server-only'
import { randomBytes } from 'node:crypto'
import { secretHash } from '../booking/link.ts'
import { isBookable, type ServiceView } from '../clinic/rules.ts'
import { type findClinic, findService } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { mayText } from '../reminder/choice.ts'
import { settingOf } from '../reminder/rules.ts'
import { findSetting } from '../reminder/store.ts'
import { e164 } from '../reminder/text.ts'
import { keyedHash, sealField } from '../server/kms.ts'
import type { Tx } from '../server/tx.ts'
import { findSite } from '../site/store.ts'
import { dayIn } from '../time.ts'
import { rangesOf } from '../network.ts'
import { mailboxOf, type Wish } from './rules.ts'
import * as store from './store.ts'

type Clinic = NonNullable<Awaited<ReturnType<typeof findClinic>>>
export interface Contact {
  channel: 'mail' | 'text'
  to: string
}

/** Whether this clinic sends text messages: its own word, and that of whoever pays for them. */
export const sendsTexts = async (tx: Tx, clinic: Clinic): Promise<boolean> =>
  mayText(clinic.slug) && settingOf(await findSetting(tx, clinic.id)).texts

/** How a caller is reached: by mail, else by text message where this clinic sends any to that number. */
export async function contactOf(
  tx: Tx,
  clinic: Clinic,
  { email, phone }: { email: string; phone: string },
): Promise<Result<Contact>> {
  if (email) return ok({ channel: 'mail', to: email })
  if (!(await sendsTexts(tx, clinic))) return refuse('BAD_INPUT', { email: 'required' })
  const to = e164(phone)
  return to ? ok({ channel: 'text', to }) : refuse('BAD_INPUT', { phone: 'phone' })
}

/** What is waited for, if it can be booked at all. `asDesk`: it chooses with whom, whatever the service says. */
export async function wishedService(
  tx: Tx,
  clinic: Clinic,
  wish: Wish,
  { now, asDesk }: { now: Date; asDesk: boolean },
): Promise<Result<ServiceView>> {
  const mayChoose = ({ assignment }: ServiceView) => asDesk || assignment === 'choose'
  const service = await findService(tx, wish.serviceId)
  const isThere =
    service &&
    isBookable(service, clinic.takesPayments) &&
    (wish.memberId === null || (mayChoose(service) && service.practitionerIds.includes(wish.memberId))) &&
    (wish.siteId === null || (await findSite(tx, wish.siteId)))
  if (!isThere) return refuse('NOT_FOUND')
  return wish.lastDay < dayIn(wish.timeZone, now) ? refuse('BAD_INPUT', { lastDay: 'future' }) : ok(service)
}

/** One person's address or number, in however many spellings. */
export const nameOf = ({ channel, to }: Contact): string => (channel === 'mail' ? mailboxOf(to) : to)

/** Equal contacts of one clinic are found, and nothing can be guessed from a dump alone. */
export const contactIndex = (clinicId: string, contact: Contact) =>
  keyedHash('waitlist', `${clinicId}\0${contact.channel}\0${nameOf(contact)}`)

/** The same of where somebody asks from; nothing of whom the desk adds. */
async function networkIndexes(clinicId: string, network: string | null) {
  if (network === null) return { nearIndex: null, wideIndex: null }
  const { near, wide } = rangesOf(network)
  const hash = (kind: string, range: string) => keyedHash('waitlist-network', `${clinicId}\0${kind}\0${range}`)
  return { nearIndex: await hash('near', near), wideIndex: await hash('wide', wide) }
}

/** False where this contact waits for the service already, or the id is somebody's. */
export async function insertWaiting(
  tx: Tx,
  clinicId: string,
  {
    id,
    contact,
    wish,
    network,
    ...rest
  }: {
    id: string
    contact: Contact
    wish: Wish
    locale: string
    state: 'asked' | 'waiting'
    network: string | null
    freeBefore: string[]
    freeBeyond: Date | null
  },
  now: Date,
): Promise<boolean> {
  const secret = randomBytes(16).toString('base64url')
  return store.insertEntry(tx, {
    ...{ ...rest, ...wish, parts: [...wish.parts], id, clinicId, channel: contact.channel },
    contactIndex: await contactIndex(clinicId, contact),
    ...(await networkIndexes(clinicId, network)),
    contactSealed: await sealField(contact.to, `waitlist.contact|${clinicId}|${id}`),
    linkHash: secretHash(secret),
    linkSealed: await sealField(secret, `waitlist.link|${clinicId}|${id}`),
    ...{ madeAt: now, nextAt: now },
  })
}
