import 'server-only'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import { resolveStaff } from './next-auth'
import type { Role, StaffActor } from './rules'

/** The member that this page is drawn for: asked once for each request, however many parts need it. */
const currentStaff = cache(async (): Promise<StaffActor | null> =>
  resolveStaff((await headers()).get('cookie'), new Date()),
)

/** For pages: nobody goes to the sign-in, and someone without the role to the day's list. */
export async function requireStaff(allowed?: readonly Role[]): Promise<StaffActor> {
  const actor = await currentStaff()
  if (!actor) redirect('/sign-in')
  if (allowed && !actor.roles.some((role) => allowed.includes(role))) redirect('/today')
  return actor
}
