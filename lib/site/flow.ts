import 'server-only'
import type { z } from 'zod'
import type { StaffActor } from '../access/rules.ts'
import { readStanding } from '../access/standing.ts'
import { listStatements } from '../access/store.ts'
import { findClinic } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { audit } from '../server/audit.ts'
import { notify } from '../server/notify.ts'
import { hold, inClinic, type Tx } from '../server/tx.ts'
import { dayIn } from '../time.ts'
import { mostSites, type SiteContract } from './rules.ts'
import type * as rules from './rules.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
type Done = Promise<Result<{ done: true }>>

async function changed(tx: Tx, actor: StaffActor, what: string, id: string) {
  await audit(tx, actor, what, id)
  await notify(tx, 'staff', actor.clinicId)
  return ok({ done: true as const })
}

const useOf = async (tx: Tx, actor: StaffActor, now: Date) =>
  store.listUse(tx, actor, now, dayIn((await findClinic(tx, actor.clinicId))!.timeZone, now))

export const list = (
  actor: StaffActor,
  _: unknown,
  { now }: { now: Date },
): Promise<Result<SiteContract['site/list']['out']>> =>
  inClinic(actor.clinicId, async (tx) => ok({ sites: await useOf(tx, actor, now) }))

/** Two of one name nobody could tell apart: neither a patient who books nor an officer who lets somebody in. */
const isTaken = (name: string, sites: readonly { name: string }[]) =>
  sites.some((site) => site.name.toLowerCase() === name.toLowerCase())

/** The first further place makes the one that the clinic had into a site too: its hours are there from then on. */
export const add = (actor: StaffActor, { id, name, address, here }: In<typeof rules.AddSiteInput>): Done =>
  inClinic(actor.clinicId, async (tx) => {
    await hold(tx, `sites|${actor.clinicId}`, 'write')
    const sites = await store.listSites(tx)
    // Sent again after a lost answer: it is there.
    if (sites.some((site) => site.id === id && site.name === name)) return ok({ done: true as const })
    if (sites.length >= mostSites) return refuse('BAD_INPUT', { name: 'tooMany' })
    if (isTaken(name, sites.length || !here ? sites : [here])) return refuse('BAD_INPUT', { name: 'taken' })
    if (!sites.length) {
      if (!here) return refuse('BAD_INPUT', { 'here.name': 'required' })
      const first = { ...here, address: (await findClinic(tx, actor.clinicId))!.address }
      if (!(await store.insertSite(tx, actor, first))) return refuse('STALE')
      await store.placeHours(tx, actor, here.id)
      await audit(tx, actor, 'site.added', here.id)
    }
    if (!(await store.insertSite(tx, actor, { id, name, address }))) return refuse('STALE')
    return changed(tx, actor, 'site.added', id)
  })

export const save = (actor: StaffActor, site: In<typeof rules.SaveSiteInput>): Done =>
  inClinic(actor.clinicId, async (tx) => {
    await hold(tx, `sites|${actor.clinicId}`, 'write')
    const others = (await store.listSites(tx)).filter(({ id }) => id !== site.id)
    if (isTaken(site.name, others)) return refuse('BAD_INPUT', { name: 'taken' })
    if (!(await store.updateSite(tx, actor, site))) return refuse('NOT_FOUND')
    return changed(tx, actor, 'site.saved', site.id)
  })

/** Not while somebody sees it alone, works there or is expected there. What was written there stays its group's. */
export const close = (actor: StaffActor, { id }: In<typeof rules.SiteInput>, { now }: { now: Date }): Done =>
  inClinic(actor.clinicId, async (tx) => {
    await hold(tx, `sites|${actor.clinicId}`, 'write')
    const site = (await useOf(tx, actor, now)).find((each) => each.id === id)
    if (!site) return refuse('NOT_FOUND')
    const standing = readStanding(await listStatements(tx, actor.clinicId))
    const isSigned = [...standing.members.values()].some(({ groups }) =>
      groups.some((group) => group.endsWith(`:${id}`)),
    )
    if (isSigned || site.members || site.coming || site.hours) return refuse('SITE_IN_USE')
    await store.closeSite(tx, actor, id, now)
    return changed(tx, actor, 'site.closed', id)
  })
