import { z } from 'zod'
import type { RecordType, SealedGrant } from '../crypto/types.ts'
import { GroupGrant } from '../record/rules.ts'
import { Id } from '../ids.ts'

/** A place of a clinic that has several. */
export interface SiteView {
  id: string
  name: string
  address: string
}

/** `members`, who are invited there included, `coming`, `hours`: what is there, and has to be elsewhere before it is closed. */
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

export const EarlierInput = z.object({ appointmentId: Id })

/** What of an earlier visit may be shared with a further site: what is written of the patient, and no draft or recall. */
export const sharedTypes = ['reason', 'intake', 'consent', 'note', 'prescription'] as const satisfies RecordType[]
export const ShareInput = z.object({
  appointmentId: Id,
  siteId: Id,
  grants: z
    .array(
      z.object({
        recordId: Id,
        revision: z.number().int().min(1).max(100_000),
        grant: GroupGrant as unknown as z.ZodType<SealedGrant, SealedGrant>,
      }),
    )
    .min(1)
    .max(200),
})

/** How many places a clinic has open at once: each is a scope of its chain. */
export const mostSites = 20

export interface SiteContract {
  'site/list': { in: z.input<typeof NoInput>; out: { sites: SiteRow[] } }
  'site/add': { in: z.input<typeof AddSiteInput>; out: { done: true } }
  'site/save': { in: z.input<typeof SaveSiteInput>; out: { done: true } }
  'site/close': { in: z.input<typeof SiteInput>; out: { done: true } }
  'site/earlier': { in: z.input<typeof EarlierInput>; out: { lacking: { recordId: string; revision: number }[] } }
  'site/share': { in: z.input<typeof ShareInput>; out: { shared: number } }
}
