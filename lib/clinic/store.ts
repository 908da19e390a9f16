import 'server-only'
import type { Prisma } from '@/prisma/generated/client'
import type { StaffActor } from '../access/rules.ts'
import { isId } from '../ids.ts'
import { parseForm } from '../intake/rules.ts'
import type { Legal } from '../invoice/rules.ts'
import { CancellationPolicy, PartOfPrice } from '../price/rules.ts'
import { env } from '../server/env.ts'
import type { Tx } from '../server/tx.ts'
import type { ClinicProfile, ConsentTextView, PractitionerView, ServiceView } from './rules.ts'

// Public facts: every actor may read them, inside the clinic that the transaction is bound to.

/** The clinic behind a booking link's name. Runs before a clinic is known. */
export async function lookupClinic(tx: Tx, slug: string): Promise<string | null> {
  const rows = await tx.$queryRaw<{ id: string | null }[]>`SELECT lookup_clinic(${slug}) AS id`
  return rows[0]?.id ?? null
}

/** The host's own account takes nothing where the host has given no key. */
const canTake = (account: string | null) => account !== null && (isId(account) || Boolean(env().STRIPE_SECRET_KEY))

type OwnClinic = ClinicProfile & { stripeAccount: string | null; legal: Legal }

export async function findClinic(tx: Tx, clinicId: string): Promise<OwnClinic | null> {
  const row = await tx.clinic.findUnique({ where: { id: clinicId } })
  if (!row) return null
  const { rootKey: _, createdAt: __, cacheSeconds: ___, ...rest } = row
  const { legalName, taxNumber, invoicePrefix, invoiceFooter, ...profile } = rest
  const legal = { legalName, taxNumber, invoicePrefix, invoiceFooter }
  const cancellation = CancellationPolicy.parse(row.cancellation)
  return { ...profile, cancellation, legal, takesPayments: canTake(row.stripeAccount) }
}

/** As anyone may see it: where money goes stays here, and what invoices say is no news on a booking page. */
export function publicProfile({ stripeAccount: _, legal: __, ...profile }: OwnClinic): ClinicProfile {
  return profile
}

type ServiceRow = Awaited<ReturnType<Tx['service']['findMany']>>[number] & {
  servicePractitioners: { memberId: string }[]
}

const asService = ({ clinicId: _, createdAt: __, servicePractitioners, ...row }: ServiceRow): ServiceView => ({
  ...row,
  deposit: PartOfPrice.parse(row.deposit),
  intakeForm: parseForm(row.intakeForm),
  practitionerIds: servicePractitioners.map((each) => each.memberId),
})

/** Those who offer it, in the order in which the clinic lists them. */
const offeredBy = {
  select: { memberId: true },
  where: { member: { status: 'active' } },
  orderBy: [{ member: { createdAt: 'asc' } }, { memberId: 'asc' }],
} satisfies Prisma.Service$servicePractitionersArgs

export async function listServices(tx: Tx, { all = false } = {}): Promise<ServiceView[]> {
  const rows = await tx.service.findMany({
    where: all ? {} : { active: true },
    include: { servicePractitioners: offeredBy },
    orderBy: [{ position: 'asc' }, { createdAt: 'asc' }],
  })
  return rows.map(asService)
}

export async function findService(tx: Tx, id: string): Promise<ServiceView | null> {
  const row = await tx.service.findFirst({
    where: { id },
    include: { servicePractitioners: offeredBy },
  })
  return row && asService(row)
}

export async function listPractitioners(tx: Tx): Promise<PractitionerView[]> {
  return tx.member.findMany({
    where: { status: 'active', roles: { has: 'practitioner' } },
    select: { id: true, displayName: true, title: true, bio: true },
    orderBy: { createdAt: 'asc' },
  })
}

const consentColumns = {
  id: true,
  version: true,
  title: true,
  body: true,
  hash: true,
  locale: true,
  active: true,
} as const

export async function listConsentTexts(tx: Tx): Promise<ConsentTextView[]> {
  return tx.consentText.findMany({ select: consentColumns, orderBy: [{ version: 'desc' }] })
}

export async function findConsentText(tx: Tx, id: string): Promise<ConsentTextView | null> {
  return tx.consentText.findFirst({ where: { id }, select: consentColumns })
}

// ── an admin's changes ──

type ProfileChange = Partial<
  Pick<
    ClinicProfile,
    | 'name'
    | 'about'
    | 'phone'
    | 'address'
    | 'timeZone'
    | 'locale'
    | 'earlyJoinMinutes'
    | 'graceMinutes'
    | 'holdMinutes'
    | 'minNoticeMinutes'
    | 'horizonDays'
    | 'holidays'
    | 'cancellation'
  >
> &
  Partial<Legal> & { stripeAccount?: string | null; cacheSeconds?: number; guardianAge?: number }

export async function saveProfile(tx: Tx, actor: StaffActor, change: ProfileChange): Promise<void> {
  await tx.clinic.update({ where: { id: actor.clinicId }, data: change })
}

type ServiceChange = Omit<ServiceView, 'id' | 'version' | 'practitionerIds'>

export async function insertService(tx: Tx, actor: StaffActor, change: ServiceChange): Promise<string> {
  const { id } = await tx.service.create({ data: { ...change, clinicId: actor.clinicId }, select: { id: true } })
  return id
}

/** False when someone else has saved it since it was read. */
export async function updateService(
  tx: Tx,
  _: StaffActor,
  id: string,
  version: number,
  change: ServiceChange,
): Promise<boolean> {
  const { count } = await tx.service.updateMany({
    where: { id, version },
    data: { ...change, version: { increment: 1 } },
  })
  return count === 1
}

export async function setPractitioners(
  tx: Tx,
  actor: StaffActor,
  serviceId: string,
  memberIds: readonly string[],
): Promise<void> {
  await tx.servicePractitioner.deleteMany({ where: { serviceId } })
  await tx.servicePractitioner.createMany({
    data: [...new Set(memberIds)].map((memberId) => ({ clinicId: actor.clinicId, serviceId, memberId })),
  })
}

/** Members who see some sites only, each with theirs. */
export async function listPlaced(tx: Tx): Promise<{ memberId: string; siteIds: string[] }[]> {
  const rows = await tx.memberSite.findMany({ select: { memberId: true, siteId: true } })
  const byMember = Map.groupBy(rows, ({ memberId }) => memberId)
  return [...byMember].map(([memberId, theirs]) => ({ memberId, siteIds: theirs.map(({ siteId }) => siteId) }))
}

/** A new version: what was signed stays as it was. Services that asked for the one before ask for this one. */
export async function insertConsentText(
  tx: Tx,
  actor: StaffActor,
  text: { title: string; body: string; hash: string; locale: string; replaces: string | null },
): Promise<{ id: string; version: number }> {
  const { replaces, ...rest } = text
  const before = replaces ? await tx.consentText.findFirst({ where: { id: replaces } }) : null
  const version = (before?.version ?? 0) + 1
  const { id } = await tx.consentText.create({
    data: { ...rest, version, clinicId: actor.clinicId },
    select: { id: true },
  })
  if (before) {
    await tx.consentText.update({ where: { id: before.id }, data: { active: false } })
    await tx.service.updateMany({
      where: { consentTextId: before.id },
      data: { consentTextId: id, version: { increment: 1 } },
    })
  }
  return { id, version }
}
