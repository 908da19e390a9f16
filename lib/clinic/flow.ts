import 'server-only'
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { StaffActor } from '../access/rules.ts'
import { consentWords } from '../consent/rules.ts'
import { ok, refuse, type Result } from '../errors.ts'
import type { LegalForm } from '../invoice/rules.ts'
import { chargeFault } from '../money.ts'
import { type CancellationPolicy, tooSmall } from '../price/rules.ts'
import { audit } from '../server/audit.ts'
import { env } from '../server/env.ts'
import { notify } from '../server/notify.ts'
import type { SiteView } from '../site/rules.ts'
import { listWeekly } from '../schedule/store.ts'
import { listSites } from '../site/store.ts'
import { stripe } from '../server/stripe.ts'
import { inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import {
  isBookable,
  isPaidOnline,
  mayUsePlatform,
  type ClinicProfile,
  type ClinicSettings,
  type PractitionerView,
  type ServiceView,
} from './rules.ts'
import type * as rules from './rules.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
type Done = Result<{ done: true }>

export interface ClinicPage {
  clinic: ClinicProfile
  services: ServiceView[]
  practitioners: PractitionerView[]
  sites: SiteView[]
}

/** What the booking page shows, or null for a name that is nobody's. */
export async function loadClinicPage(name: string): Promise<ClinicPage | null> {
  // As it was read out on the telephone, or typed on a phone that begins with a capital.
  const slug = name.toLowerCase()
  if (!/^[a-z0-9-]{1,60}$/.test(slug)) return null
  const clinicId = await inNoClinic((tx) => store.lookupClinic(tx, slug))
  if (!clinicId) return null
  return inClinic(clinicId, async (tx) => {
    const clinic = await store.findClinic(tx, clinicId)
    if (!clinic) return null
    const services = (await store.listServices(tx)).filter((service) => isBookable(service, clinic.takesPayments))
    const practitioners = await store.listPractitioners(tx)
    return { clinic: store.publicProfile(clinic), services, practitioners, sites: await listSites(tx) }
  })
}

export async function loadSettings(actor: StaffActor): Promise<Result<ClinicSettings>> {
  return inClinic(actor.clinicId, async (tx) => {
    const clinic = await store.findClinic(tx, actor.clinicId)
    if (!clinic) return refuse('NOT_FOUND')
    return ok({
      clinic: store.publicProfile(clinic),
      legal: clinic.legal,
      services: await store.listServices(tx, { all: true }),
      practitioners: await store.listPractitioners(tx),
      hours: await listWeekly(tx),
      consentTexts: await store.listConsentTexts(tx),
      sites: await listSites(tx),
      placed: await store.listPlaced(tx),
    })
  })
}

async function changed(tx: Tx, actor: StaffActor, what: string, subjectId?: string) {
  await audit(tx, actor, what, subjectId)
  await notify(tx, 'staff', actor.clinicId)
}

export async function saveCache(actor: StaffActor, { seconds }: In<typeof rules.CacheInput>): Promise<Done> {
  return inClinic(actor.clinicId, async (tx) => {
    await store.saveProfile(tx, actor, { cacheSeconds: seconds })
    await changed(tx, actor, 'clinic.cache-time-saved')
    return ok({ done: true as const })
  })
}

export async function saveProfile(actor: StaffActor, input: In<typeof rules.ProfileForm>): Promise<Done> {
  return inClinic(actor.clinicId, async (tx) => {
    await store.saveProfile(tx, actor, input)
    await changed(tx, actor, 'clinic.profile-saved')
    return ok({ done: true as const })
  })
}

export async function saveLegal(actor: StaffActor, input: In<typeof LegalForm>): Promise<Done> {
  return inClinic(actor.clinicId, async (tx) => {
    await store.saveProfile(tx, actor, input)
    await changed(tx, actor, 'clinic.legal-saved')
    return ok({ done: true as const })
  })
}

/** What is booked keeps the policy that it was booked under. */
export async function saveCancellation(actor: StaffActor, policy: CancellationPolicy): Promise<Done> {
  return inClinic(actor.clinicId, async (tx) => {
    await store.saveProfile(tx, actor, { cancellation: policy })
    await changed(tx, actor, 'clinic.cancellation-saved')
    return ok({ done: true as const })
  })
}

export async function saveService(
  actor: StaffActor,
  { id, version, service }: In<typeof rules.SaveServiceInput>,
): Promise<Result<{ id: string; version: number }>> {
  return inClinic(actor.clinicId, async (tx) => {
    const clinic = await store.findClinic(tx, actor.clinicId)
    if (!clinic) return refuse('NOT_FOUND')
    const before = id ? await store.findService(tx, id) : null
    if (id && !before) return refuse('NOT_FOUND')
    if (isPaidOnline(service) && service.priceMinor > 0 && !clinic.takesPayments)
      return refuse('PAYMENTS_NOT_CONNECTED')
    const fault = chargeFault(service.priceMinor, clinic.currency)
    if (fault) return refuse('BAD_INPUT', { 'service.priceMinor': fault })
    const small = tooSmall({ ...service, currency: clinic.currency })
    if (small === 'price') return refuse('BAD_INPUT', { 'service.priceMinor': 'smallCharge' })
    if (small) return refuse('BAD_INPUT', { 'service.deposit': small === 'rest' ? 'smallRest' : 'smallCharge' })
    const known = new Set((await store.listPractitioners(tx)).map((each) => each.id))
    if (service.practitionerIds.some((each) => !known.has(each)))
      return refuse('BAD_INPUT', { 'service.practitionerIds': 'invalid' })
    if (service.consentTextId && !(await store.findConsentText(tx, service.consentTextId)))
      return refuse('BAD_INPUT', { 'service.consentTextId': 'invalid' })
    const { practitionerIds, ...fields } = service
    const asked = JSON.stringify(service.intakeForm) !== JSON.stringify(before?.intakeForm)
    const change = {
      ...fields,
      currency: clinic.currency,
      intakeVersion: (before?.intakeVersion ?? 0) + (asked ? 1 : 0) || 1,
    }
    const saved = before ? before.id : await store.insertService(tx, actor, change)
    if (before && !(await store.updateService(tx, actor, before.id, version, change))) return refuse('STALE')
    await store.setPractitioners(tx, actor, saved, practitionerIds)
    await changed(tx, actor, 'clinic.service-saved', saved)
    return ok({ id: saved, version: before ? version + 1 : 1 })
  })
}

export async function saveConsentText(
  actor: StaffActor,
  input: In<typeof rules.SaveConsentTextInput>,
): Promise<Result<{ id: string; version: number }>> {
  return inClinic(actor.clinicId, async (tx) => {
    if (input.replaces && !(await store.findConsentText(tx, input.replaces))) return refuse('NOT_FOUND')
    const hash = createHash('sha256').update(consentWords(input)).digest('base64url')
    const saved = await store.insertConsentText(tx, actor, { ...input, hash })
    await changed(tx, actor, 'clinic.consent-text-saved', saved.id)
    return ok(saved)
  })
}

/** This installation's own Stripe account takes the clinic's payments, or none does. */
export async function connectPayments(
  actor: StaffActor,
  { connected }: In<typeof rules.PaymentsInput>,
): Promise<Result<{ connected: boolean }>> {
  if (connected && !stripe()) return refuse('PAYMENT_UNAVAILABLE')
  return inClinic(actor.clinicId, async (tx) => {
    const { slug } = (await store.findClinic(tx, actor.clinicId))!
    const { CLINIC_SIGNUP, STRIPE_CLINICS } = env()
    if (connected && !mayUsePlatform(slug, CLINIC_SIGNUP, STRIPE_CLINICS)) return refuse('PAYMENTS_NOT_LISTED')
    await store.saveProfile(tx, actor, { stripeAccount: connected ? 'platform' : null })
    await changed(tx, actor, connected ? 'clinic.payments-connected' : 'clinic.payments-disconnected')
    return ok({ connected })
  })
}
