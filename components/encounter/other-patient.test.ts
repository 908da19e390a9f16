// The operator answers all of encounter/open, and may have booked once as a patient: an accomplice with keys of their own.
import { expect, test, vi } from 'vitest'
import { createVault } from '@/lib/browser/vault-core'
import { memoryStorage } from '@/lib/browser/vault-storage'
import { clinic, codeOf, patientOf, sealAs, signIn } from '@/lib/browser/vault-world'
import type { Vault } from '@/lib/browser/vault-api'
import type { PublicKeys, Sealed } from '@/lib/crypto/types'
import type { EncounterView } from '@/lib/encounter/rules'
import { openRecords } from '../staff/use-opened'
import { nameShown } from '../staff/whose'
import { sealFor } from './seal'
import { readChart } from './use-chart'

const unlocked = vi.hoisted(() => ({ vault: null as Vault | null }))
vi.mock('@/lib/browser/vault', () => ({ vault: () => unlocked.vault }))

const world = await clinic()

async function person(name: string) {
  const device = await patientOf(world)
  const { patientId, keys } = device.handle
  return {
    ...{ device, patientId, keys },
    identity: await sealAs(device, 'identity', { name }),
    reason: await sealAs(device, 'reason', { appointmentId: 'a', reason: `reason of ${name}` }),
  }
}
const stored = (record: Sealed) => ({ ...record, appointmentId: 'a', createdAt: '2026-11-21T08:00:00Z' })
const answer = (
  patientId: string,
  keys: PublicKeys[],
  records: Sealed[],
  appointmentId: string = crypto.randomUUID(),
) =>
  ({
    appointment: { appointmentId, patientId },
    clinic: { id: world.clinicId },
    statements: world.chain.statements,
    patientKeys: keys.map((each) => ({ keyId: 'k', keys: each, state: 'booking', vouch: null })),
    records: records.map(stored),
    ...{ consents: [], prescriptions: [], recalls: [], visits: [], care: [] },
    now: '2026-11-21T08:00:00Z',
  }) as unknown as EncounterView

/** A browser of the practitioner's that knows nothing yet, as the page uses it. */
async function open(view: EncounterView) {
  unlocked.vault = createVault(memoryStorage())
  await signIn(world, world.owner, { vault: unlocked.vault })
  await unlocked.vault.cacheFor(300)
  return readChart(view, view.appointment.appointmentId)
}
const note = { type: 'note', content: { text: 'not for others' }, shared: true } as const

// Defence: `patientIds.includes` in openRecords, and the id that readChart gives it.
test('attack 8: the victim’s records in an accomplice’s chart are refused, and counted as not shown', async () => {
  const [victim, thief] = [await person('Vera'), await person('Zed')]
  // The victim was seen before, by the same browser: what it opened then, it still knows.
  await open(answer(victim.patientId, [victim.keys], [victim.identity, victim.reason]))
  const chart = await open(answer(thief.patientId, [thief.keys], [thief.identity, victim.identity, victim.reason]))
  expect(chart.identity).toEqual({ name: 'Zed' })
  expect(chart.reasons.map((entry) => entry.content)).toEqual([null])
  expect(chart.failed).toEqual([
    { type: 'identity', code: 'BAD_ENVELOPE' },
    { type: 'reason', code: 'BAD_ENVELOPE' },
  ])
})

// Defences: `identity &&` at `readers` in readChart; the first line of sealFor; `names.has` in vault-records.ts.
test('attack 7: where no name of the patient opened, nothing written is shared with anybody', async () => {
  const [victim, thief] = [await person('Vera'), await person('Zed')]
  const view = answer(thief.patientId, [thief.keys], [thief.reason, victim.identity])
  const chart = await open(view)
  expect(chart.identity).toBeNull()
  expect(chart.readers).toEqual([])
  expect(await codeOf(sealFor(chart, note))).toBe('NOT_VOUCHED')
  // The key is believed by now, from the reason: the vault by itself gives it nothing either.
  const identity = { name: 'Vera', birthDate: '', email: '' }
  const readers = [{ patientId: thief.patientId, key: thief.keys.dh }]
  expect(await codeOf(sealFor({ ...chart, identity, readers }, note))).toBe('NOT_VOUCHED')
  const named = await readChart({ ...view, records: [stored(thief.identity)] }, view.appointment.appointmentId)
  expect(named.readers).toEqual(readers)
  expect(await codeOf(sealFor(named, note))).toBe('accepted')
})

// Defence: `isAuthor` in readChart. Believed by first use, and not the key that signed the name: a member wrote that.
test('attack 7: a key of first use reads only what goes with the name that it signed', async () => {
  const thief = await person('Zed')
  const { patientId, keys } = thief
  const typed = await world.owner.vault.seal({
    ...{ clinicId: world.clinicId, patientId, recordId: crypto.randomUUID(), revision: 1, schema: 1 },
    ...{ type: 'identity', content: { name: 'Vera' }, managing: 'desk', groups: ['desk', 'clinical'] },
  })
  const chart = await open(answer(patientId, [keys], [typed, thief.reason]))
  expect(chart.identity).toEqual({ name: 'Vera' })
  expect(chart.readers).toEqual([])
})

// Defence: patientOf in staff/whose.ts. The accomplice may call themself what they like: the day's list was there first.
test('attack 8: an appointment that was shown with a name stays that patient’s', async () => {
  const [victim, thief] = [await person('Vera'), await person('Vera')]
  const appointmentId = crypto.randomUUID()
  nameShown(appointmentId, victim.patientId)
  nameShown(appointmentId, thief.patientId)
  const chart = await open(answer(thief.patientId, [thief.keys], [thief.identity, thief.reason], appointmentId))
  expect(chart).toMatchObject({ patientId: victim.patientId, identity: null, readers: [], strangers: 1 })
  expect(chart.failed.map(({ code }) => code)).toEqual(['BAD_ENVELOPE', 'BAD_ENVELOPE'])
  expect(await codeOf(sealFor(chart, note))).toBe('NOT_VOUCHED')

  // And so does one whose chart was open, however the answer changes under it.
  const own = answer(victim.patientId, [victim.keys], [victim.identity])
  expect((await open(own)).identity).toEqual({ name: 'Vera' })
  const { appointmentId: opened } = own.appointment
  const changed = await open(answer(thief.patientId, [thief.keys], [thief.identity], opened))
  expect(changed).toMatchObject({ patientId: victim.patientId, identity: null, readers: [] })
})

// Defence: isSame in record-cache.ts; each of these opened before, where it belongs, and the vault remembers it.
test('attack 8: a record opened before is not believed under another type, patient, clinic, header or commitment', async () => {
  const [victim, thief] = [await person('Vera'), await person('Zed')]
  await open(answer(victim.patientId, [victim.keys], [victim.identity, victim.reason]))
  const { meta, ...rest } = stored(victim.reason)
  const moved = [
    { meta: { ...meta, patientId: thief.patientId }, ...rest },
    { meta: { ...meta, type: 'note' as const }, ...rest },
    { meta: { ...meta, clinicId: crypto.randomUUID() }, ...rest },
    { meta, ...rest, header: victim.identity.header },
    { meta, ...rest, commit: victim.identity.commit },
  ]
  for (const record of moved) {
    const [{ opened } = {}] = await openRecords([record], [record.meta.patientId])
    expect(opened?.ok, JSON.stringify(record.meta)).toBe(false)
  }
  const [{ opened } = {}] = await openRecords([{ meta, ...rest }], [meta.patientId])
  expect(opened?.ok).toBe(true)
})
