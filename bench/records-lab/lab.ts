// A page in which one member of a clinic works against the whole stack; and that clinic's records.
import { randomUUID } from 'node:crypto'
import type { Booked, ClinicWorld, Staff } from '../../e2e/world.ts'
import { type Lab, openLab } from '../chromium.ts'
import type { RecordsLab } from './page.ts'

declare const lab: RecordsLab

/** The member is signed in, with a vault of the page's own. `answers` are given beside the server's, by path. */
export async function openRecordsLab(
  baseUrl: string,
  { door, email, password }: Staff,
  answers?: ReadonlyMap<string, string>,
): Promise<Lab> {
  const opened = await openLab({
    programs: {
      'vault-worker': 'lib/browser/vault.worker.ts',
      'hand.worker': 'lib/browser/hand.worker.ts',
      'hpke-worker': 'bench/records-lab/hpke-worker.ts',
      lab: 'bench/records-lab/page.ts',
    },
    // The member's session, and the origin that a page of ours would send.
    api: {
      baseUrl,
      headers: () => ({
        origin: baseUrl,
        'sec-fetch-site': 'same-origin',
        cookie: [...door.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      }),
      ...(answers && { answers }),
    },
  })
  await opened.page.addScriptTag({ type: 'module', url: '/lab.js' })
  await opened.page.waitForFunction('globalThis.lab')
  await opened.page.evaluate((who) => lab.signIn(who.email, who.password), { email, password })
  return opened
}

const letters = 'the patient slept well and has no fever today '

/** Notes of 4 KiB about one patient, sealed by the practitioner and stored through the door. */
export async function writeNotes(world: ClinicWorld, booked: Booked, count: number): Promise<void> {
  const { vault, door } = world.doctor
  const { patientId } = booked.patient.handle
  const { records } = await door.get('encounter/open', { appointmentId: booked.appointmentId })
  await vault.open(records, { patientId })
  const inputs = Array.from({ length: count }, (_, seed) => ({
    ...{ clinicId: world.clinicId, patientId, recordId: randomUUID(), revision: 1, schema: 1, type: 'note' as const },
    content: { text: letters.repeat(100).slice(seed % 40, 4088 + (seed % 40)) },
    ...{ managing: 'clinical' as const, groups: ['clinical' as const] },
  }))
  const sealed = await vault.sealMany(inputs)
  const atOnce = 8
  for (let from = 0; from < count; from += atOnce)
    await Promise.all(
      sealed.slice(from, from + atOnce).map(({ grants, ...record }) =>
        door.get('encounter/save-record', {
          appointmentId: booked.appointmentId,
          record: { ...record, grants: grants as never },
        }),
      ),
    )
}
