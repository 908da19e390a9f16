import { z } from 'zod'
import { Id } from '../ids.ts'

/** A place of a clinic that has several. */
export interface SiteView {
  id: string
  name: string
  address: string
}

/** `members`, `coming`, `hours`: what is there, and has to be elsewhere before it is closed. */
export interface SiteRow extends SiteView {
  members: number
  coming: number
  hours: number
}

const name = z.string().trim().min(1, { error: 'required' }).max(60, { error: 'tooLong' })
const address = z.string().trim().max(200, { error: 'tooLong' })

export const SiteForm = z.object({ name, address })
/** `here`: the place that the clinic has had so far, with its first further one. */
export const AddSiteInput = SiteForm.extend({ id: Id, here: z.object({ id: Id, name }).nullable() })
export const SaveSiteInput = SiteForm.extend({ id: Id })
export const SiteInput = z.object({ id: Id })
export const NoInput = z.object({}).strict()

/** How many places a clinic has open at once: each is a scope of its chain. */
export const mostSites = 20

export interface SiteContract {
  'site/list': { in: z.input<typeof NoInput>; out: { sites: SiteRow[] } }
  'site/add': { in: z.input<typeof AddSiteInput>; out: { done: true } }
  'site/save': { in: z.input<typeof SaveSiteInput>; out: { done: true } }
  'site/close': { in: z.input<typeof SiteInput>; out: { done: true } }
}
