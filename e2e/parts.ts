// Parts of a clinic in journeys: who may open what, as the database has it, and patients who choose one of several.
import { expect, type Locator, type Page } from '@playwright/test'
import { fillForm } from './journey.ts'
import type { TestStack } from './stack.ts'
import type { ClinicWorld } from './world.ts'

export const button = (page: Page | Locator, name: string | RegExp) => page.getByRole('button', { name })
/** The open one: what is told at the edge of the page is one too. */
export const dialogOf = (page: Page) => page.locator('[role=dialog]:not([data-type])')
/** Opens a part that is folded. By its key: what comes late above it would move it away under a pointer. */
export const unfold = (inside: Locator, name: string) =>
  inside.locator('summary').filter({ hasText: name }).press('Enter')

/** To whom but patients a visit's records are granted, by type. */
export async function readersOf(stack: TestStack, visit: string): Promise<Record<string, string[]>> {
  const rows = await stack.sql<{ type: string; readers: string[] }>(
    `SELECT r.type, array_agg(DISTINCT g.recipient_kind || ' ' || g.recipient_id ORDER BY g.recipient_kind || ' ' || g.recipient_id) AS readers
     FROM record r JOIN record_grant g USING (clinic_id, record_id, revision)
     WHERE r.appointment_id = $1 AND g.recipient_kind <> 'patient' GROUP BY 1`,
    [visit],
  )
  return Object.fromEntries(rows.map(({ type, readers }) => [type, readers.map((each) => each.replace('group ', ''))]))
}

/** Groups of whose newest epoch a member was given the key. */
export async function keysOf(stack: TestStack, { clinicId }: ClinicWorld, name: string): Promise<string[]> {
  const rows = await stack.sql<{ group: string }>(
    `SELECT e."group" FROM epoch_grant e JOIN member m ON m.clinic_id = e.clinic_id AND m.dh_key = e.to_key
     WHERE m.clinic_id = $1 AND m.display_name = $2
       AND e.epoch = (SELECT max(epoch) FROM epoch_grant o WHERE o.clinic_id = e.clinic_id AND o."group" = e."group")
     ORDER BY 1`,
    [clinicId, name],
  )
  return rows.map(({ group }) => group)
}

/** Books on this device, after one of the choices among places or people; answers the appointment. */
export async function bookIn(
  page: Page,
  world: ClinicWorld,
  {
    among,
    choice,
    name,
    reason,
    index,
  }: { among: string; choice: string; name: string; reason: string; index: number },
): Promise<string> {
  await page.goto(world.bookingUrl)
  await page.getByRole('link', { name: `Choose a time: ${world.services.free.name}` }).click()
  const choices = page.getByRole('navigation', { name: among })
  await choices.getByRole('link', { name: choice }).click()
  await expect(choices.getByRole('link', { name: choice })).toHaveAttribute('aria-current', 'true')
  await page.locator('a[href*="slot="]').nth(index).click()
  await expect(page.locator('dd').filter({ hasText: choice })).toBeVisible()
  await button(page, 'Continue with this time').click()
  await fillForm(page, {
    ...{ name, birth: { day: '2', month: '5', year: '1982' }, phone: '', reason },
    email: `${name.toLowerCase().replaceAll(' ', '.')}@patient.test`,
    texts: { 'Since when do you have it?': 'a month' },
  })
  await button(page, 'Book').click()
  await page.waitForURL(/\/a\/[0-9a-f-]{36}/)
  return /\/a\/([0-9a-f-]{36})/.exec(page.url())![1]!
}
