import 'server-only'
import type { z } from 'zod'
import type { PublicActor } from '../access/rules.ts'
import { byLink } from '../call/flow.ts'
import { countCode, issueCode, takeCode } from '../call/flow-codes.ts'
import { ok, refuse, type Result } from '../errors.ts'
import type { Ctx } from '../server/action.ts'
import { audit } from '../server/audit.ts'
import { env } from '../server/env.ts'
import { notify } from '../server/notify.ts'
import { verifyProof } from '../server/proof.ts'
import { type CodeInput, confirmFields, confirmPurpose, type ConfirmInput, deviceName } from './rules.ts'
import * as store from './store.ts'

/** The last resort of who lost every device: at any time, as long as the appointment's link is good. */
export async function sendCode(
  _: PublicActor,
  { appointmentId, secret, keys }: z.output<typeof CodeInput>,
  { now }: Ctx,
): Promise<Result<{ minutes: number }>> {
  const linked = { appointmentId, secret }
  const good = await byLink(linked, async (tx, row) => {
    const known = await store.findKey(tx, { patientId: row.patientId!, signKey: keys.sign })
    // One that was removed comes back with keys of another name, or not at all.
    return known ? refuse(known.state === 'revoked' ? 'NOT_ALLOWED' : 'WRONG_STATE') : ok(true)
  })
  if (!good.ok) return good
  const counted = await countCode(appointmentId)
  if (!counted.ok) return counted
  return byLink(linked, async (tx, { clinicId }) =>
    ok(await issueCode(tx, { clinicId, appointmentId, signKey: keys.sign }, now)),
  )
}

/** The device may act for the patient from now on, and opens nothing: no member of the clinic said whose it is. */
export async function confirmDevice(
  _: PublicActor,
  input: z.output<typeof ConfirmInput>,
  { now, userAgent }: Ctx,
): Promise<Result<{ done: true }>> {
  const { appointmentId, keyId, keys, code, proof } = input
  if (!(await verifyProof(keys.sign, confirmPurpose, confirmFields(env().APP_ORIGIN, input), proof)))
    return refuse('BAD_PROOF')
  return byLink(
    input,
    async (tx, row) => {
      const { clinicId } = row
      const patientId = row.patientId!
      const at = { clinicId, appointmentId, patientId, keyId, signKey: keys.sign, dhKey: keys.dh }
      const taken = await takeCode(tx, at, code, now)
      if (!taken.ok) return taken
      await store.nameDevice(tx, { patientId, keyId }, deviceName(userAgent))
      await audit(tx, { kind: 'patient', clinicId, patientId, keyId }, 'patient.device-confirmed', keyId)
      await notify(tx, 'patient', patientId)
      await notify(tx, 'staff', clinicId)
      return ok({ done: true as const })
    },
    { keepRefused: true },
  )
}
