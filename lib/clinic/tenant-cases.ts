import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

const service = {
  ...{
    name: 'Seized',
    description: '',
    minutes: 30,
    bufferBefore: 0,
    bufferAfter: 0,
    priceMinor: 0,
    taxRate: 0,
    currency: 'eur',
  },
  ...{
    stepMinutes: null,
    minNoticeMinutes: null,
    horizonDays: null,
    dailyLimit: null,
    way: 'video' as const,
    places: 1,
    assignment: 'choose' as const,
    audience: 'anyone' as const,
  },
  ...{
    paymentMode: 'free' as const,
    deposit: { kind: 'none' as const },
    intakeForm: { questions: [] },
    intakeVersion: 1,
    consentTextId: null,
  },
  ...{ active: true, position: 0 },
}

export const clinicCases: TenantCases<typeof store> = {
  lookupClinic: { lookup: (tx, _, b) => store.lookupClinic(tx, b.slug), answers: (b) => b.clinicId },
  findClinic: (tx, { clinicId }) => store.findClinic(tx, clinicId),
  publicProfile: 'pure',
  listServices: { own: (tx) => store.listServices(tx, { all: true }) },
  findService: (tx, _, b) => store.findService(tx, b.serviceId),
  listPractitioners: { own: (tx) => store.listPractitioners(tx) },
  listConsentTexts: { own: (tx) => store.listConsentTexts(tx) },
  findConsentText: (tx, _, b) => store.findConsentText(tx, b.textId),
  saveProfile: (tx, actor) => store.saveProfile(tx, actor, { name: 'Seized' }),
  insertService: (tx, actor) => store.insertService(tx, actor, service),
  updateService: (tx, actor, b) => store.updateService(tx, actor, b.serviceId, 1, service),
  setPractitioners: (tx, actor, b) => store.setPractitioners(tx, actor, b.serviceId, []),
  listPlaced: { own: (tx) => store.listPlaced(tx) },
  insertConsentText: (tx, actor, b) =>
    store.insertConsentText(tx, actor, { title: 'T', body: 'B', hash: 'x', locale: 'en', replaces: b.textId }),
}
