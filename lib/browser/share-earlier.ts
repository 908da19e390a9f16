import type { StoredRecord } from '../record/rules.ts'
import type { Answer } from './api.ts'
import { call } from './api.ts'
import type { CallCode } from './call-session.ts'
import { sendSealed } from './send-sealed.ts'
import { VaultError } from './vault-error.ts'
import { vault } from './vault.ts'

/** As many grants as one request carries. */
const most = 200

/**
 * Grants these records of a patient to the practitioners of a site. A repeat changes nothing: what went before a refusal stays, and
 * the rest is sent again.
 */
export async function shareWithSite({
  clinicId,
  patientId,
  appointmentId,
  site,
  records,
}: {
  clinicId: string
  patientId: string
  appointmentId: string
  site: string
  records: StoredRecord[]
}): Promise<Answer<{ shared: number }> | { ok: false; code: CallCode }> {
  try {
    let shared = 0
    for (let at = 0; at < records.length; at += most) {
      const some = records.slice(at, at + most)
      const sent = await sendSealed(
        clinicId,
        () => vault().grantToSite({ patientId, site, records: some }),
        (grants) => call('site/share', { appointmentId, siteId: site, grants }, { retry: true }),
      )
      if (!sent.ok) return sent
      shared += sent.value.shared
    }
    return { ok: true, value: { shared } }
  } catch (error) {
    if (error instanceof VaultError) return { ok: false, code: error.code }
    throw error
  }
}
