// No name is in the chain: what an administrator or the database calls a prescriber or a clinic is signed if it is not seen.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, test, vi } from 'vitest'
import { clinic, patientOf, sealAs } from '@/lib/browser/vault-world'
import type { EncounterView } from '@/lib/encounter/rules'
import prescription from '@/lib/messages/en/prescription.json'
import { type PrescriptionItem, SharedPrescription } from '@/lib/prescription/rules'
import { readChart } from '../encounter/use-chart'
import { prescriptionOf, signPrescription } from './issue'

const world = await clinic()
vi.mock('@/lib/browser/vault', () => ({ vault: () => world.owner.vault }))

const words = (names: string) => Object.fromEntries(names.split(' ').map((name) => [name, `a ${name} to see`]))
const item = {
  ...words('medicine dose form route frequency duration quantity notes'),
  ...{ repeats: 3, substitution: false },
} as PrescriptionItem
const form = { items: [item, { ...item, medicine: 'another' }], notes: 'notes for all of it', validDays: 30 }

/** The preview as it is drawn: by React's own renderer, in a bundle, since these tests resolve as a server does. */
async function preview(shown: SharedPrescription): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'curtain-sheet-'))
  try {
    const { outputFiles } = await build({
      stdin: {
        contents: `
          import { createElement } from 'react'
          import { renderToStaticMarkup } from 'react-dom/server'
          import { NextIntlClientProvider } from 'next-intl'
          import { PrescriptionSheet } from './components/prescription/sheet'
          export const draw = (prescription, messages) => renderToStaticMarkup(
            createElement(NextIntlClientProvider, { locale: 'en', timeZone: 'UTC', messages },
              createElement(PrescriptionSheet, { prescription })))`,
        resolveDir: process.cwd(),
        loader: 'ts',
      },
      ...{ bundle: true, write: false, platform: 'node', format: 'cjs', jsx: 'automatic', logLevel: 'silent' },
    })
    const file = join(folder, 'sheet.cjs')
    writeFileSync(file, outputFiles[0]!.contents)
    const { draw } = createRequire(import.meta.url)(file) as { draw: (...given: unknown[]) => string }
    return draw(shown, { prescription })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const ids = ['rxId', 'memberId']
const dates = ['issuedAt', 'expiresAt', 'birthDate']
function textsOf(value: unknown, name = ''): string[] {
  if (typeof value === 'string') return ids.includes(name) || dates.includes(name) ? [] : [value]
  return value && typeof value === 'object' ? Object.entries(value).flatMap(([key, each]) => textsOf(each, key)) : []
}

test('what is signed is what was previewed: every name, and every word', async () => {
  const patient = await patientOf(world)
  const { patientId, keys } = patient.handle
  const identity = await sealAs(patient, 'identity', { name: 'Vera Quill', birthDate: '1979-03-07', email: '' })
  const view = {
    appointment: { appointmentId: 'a', patientId },
    clinic: { id: world.clinicId, ...words('name address phone') },
    me: { memberId: world.owner.memberId, name: 'Dr Renamed Overnight', title: 'Title of theirs' },
    statements: world.chain.statements,
    patientKeys: [{ keyId: 'k', keys, state: 'booking', vouch: null }],
    records: [{ ...identity, appointmentId: 'a', createdAt: '2026-11-21T08:00:00Z' }],
    ...{ consents: [], prescriptions: [], recalls: [], care: [] },
    now: '2026-11-21T08:00:00Z',
  } as unknown as EncounterView
  const chart = await readChart(view, 'a')
  const shown = prescriptionOf(view, chart.identity!, form, new Date('2026-11-21T09:00:00Z'))
  const { share, record } = await signPrescription(chart, shown)

  const [kept] = await patient.vault.open([record], { asPatient: patientId, patientId })
  const { secret, ...own } = (kept as { value: { content: { secret: string } } }).value.content
  const { rootFingerprint } = world
  const copy = await world.owner.vault.openShare({ rxId: shown.rxId, secret, share, rootFingerprint })
  if (!copy.ok) throw new Error(copy.code)
  expect(copy.prescription).toEqual(shown)
  expect(own).toEqual(shown)
  expect(copy.prescriber).toEqual({ memberId: world.owner.memberId, name: shown.prescriber.name })

  const drawn = await preview(shown)
  const signed = [...textsOf(copy.prescription), copy.prescriber.name]
  expect(signed).toContain('Dr Renamed Overnight')
  for (const text of signed) expect(drawn).toContain(text)
  for (const date of ['7 March 1979', '21 November 2026', '21 December 2026']) expect(drawn).toContain(date)
  expect(drawn).toMatch(/3 repeats/i)
  expect(Object.keys(SharedPrescription.shape).sort()).toEqual(Object.keys(shown).sort())
})
