import type { IdentityContent } from '../record/rules.ts'
import type { NewDevice, Reason } from '../recognition/rules.ts'
import { call } from './api.ts'
import { identityOf, writtenOtherwise } from './identity.ts'
import type { CallCode } from './call-session.ts'
import type { PatientKeyView } from './vault-api.ts'
import { VaultError } from './vault-error.ts'
import { vault } from './vault.ts'

type Answered<T> = { ok: true; value: T } | { ok: false; code: CallCode }

export interface NewDevices {
  clinicId: string
  patientId: string
  zone: string
  /** As an identity record that opened here says. */
  name: string
  /** As whom the desk booked them, where they say now that they are somebody else. */
  written: IdentityContent | null
  devices: (NewDevice & Pick<PatientKeyView, 'atDesk'>)[]
}

/** `patientId` is whom the page names: OTHER_PATIENT when the server says another for this appointment. */
export function loadNewDevices(appointmentId: string, patientId: string): Promise<Answered<NewDevices>> {
  return caught(async () => {
    const answer = await call('recognition/devices', { appointmentId }, { retry: true })
    if (!answer.ok) return answer
    const { clinicId, zone, statements, keys, records, devices } = answer.value
    // The defence of attack 7 at the desk: who stands there is whom the row names, not whom the server likes.
    if (answer.value.patientId !== patientId) return { ok: false, code: 'OTHER_PATIENT' }
    await vault().loadChain({ clinicId, statements })
    await vault().loadPatientKeys({ clinicId, patientId, keys })
    const opened = await vault().open<IdentityContent>(records as never, { patientId })
    const good = opened.flatMap((each) => (each.ok ? [each.value] : []))
    const identity = identityOf(good)
    if (!identity) return { ok: false, code: 'NOT_VOUCHED' }
    const views = await vault().loadPatientKeys({ clinicId, patientId, keys })
    const withDesk = devices.map((device) => ({
      ...device,
      atDesk: views.find((view) => view.keys.sign === device.keys.sign)?.atDesk ?? null,
    }))
    const who = { clinicId, patientId, zone }
    return {
      ok: true,
      value: { ...who, name: identity.content.name, written: writtenOtherwise(good), devices: withDesk },
    }
  })
}

/**
 * Signs that the device whose code was read out is the patient's, and hands on what they may read of what this member reads. STALE
 * when the code is not that device's.
 */
export function recogniseDevice(
  appointmentId: string,
  { clinicId, patientId, name }: NewDevices,
  device: NewDevice,
  said: { code: string; reason: Reason },
): Promise<Answered<{ granted: number; partly: boolean }>> {
  return caught(async () => {
    const { keys, keyId } = device
    const { vouch } = await vault().recogniseDevice({ clinicId, patientId, keys, name, ...said })
    const readable = await call('recognition/records', { appointmentId }, { retry: true })
    if (!readable.ok) return readable
    const recipient = { kind: 'patient' as const, id: patientId, key: keys.dh, epoch: 0 }
    const regranted = await vault().regrant(readable.value.records, recipient)
    const grants = regranted.map((each) => ({ ...each, grant: { ...each.grant, recipient } }))
    return call('recognition/recognise', { appointmentId, keyId, keys, vouch, grants }, { retry: true })
  })
}

async function caught<T>(work: () => Promise<Answered<T>>): Promise<Answered<T>> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof VaultError) return { ok: false, code: error.code }
    throw error
  }
}
