import { generateDeviceKeys } from '../crypto/keys.ts'
import { sign } from '../crypto/sign.ts'
import { toB64 } from '../crypto/bytes.ts'
import type { KeyHome, PatientHandle, Vault } from './vault-api.ts'
import { publicKeys, type BoundAppointment, type PatientDevice, type VaultContext } from './vault-context.ts'
import { VaultError } from './vault-error.ts'
import { keepsKeys } from './vault-indexeddb.ts'

/** Purposes whose arrays the vault builds itself: a page that could choose their fields could forge them. */
const RESERVED = new Set([
  'envelope',
  'grant',
  'chain',
  'prescription',
  'patient-key',
  'patient-link',
  'patient-care',
  'patient-care-end',
  'erasure',
  'emergency-key',
  'emergency-request',
  'emergency-answer',
  'witness-head',
  'account-kit',
  'account-wrap',
  'rekey',
])
const isReserved = (purpose: string): boolean => RESERVED.has(purpose) || purpose.startsWith('call-')

type DevicePart = Pick<
  Vault,
  'probe' | 'createPatient' | 'patients' | 'bindAppointment' | 'appointment' | 'forget' | 'signPatient' | 'signStaff'
>

/** A patient's keys on this device: made here, never exported, used here. */
export function deviceKeys(context: VaultContext): DevicePart {
  const { storage, devices, appointments } = context
  return {
    async probe() {
      return storage.home === 'stored' && (await keepsKeys(storage)) ? 'stored' : 'memory'
    },

    // Asked twice, by a reload or a double click, it answers the keys it made the first time.
    async createPatient({ clinicId, patientId, home, claims }) {
      const known = await findDevice(context, patientId)
      // The defence against a server that names one patient of this device as whom the clinic booked for.
      if (known && claims && known.claims !== claims)
        throw new VaultError('HELD_ALREADY', 'keys of this patient are here for something else')
      if (known) return handleOf(known)
      return keepDevice(context, { clinicId, patientId, claims, keys: await generateDeviceKeys() }, home)
    },

    async patients(clinicId) {
      for (const key of await storage.keys('patient:')) await findDevice(context, key.slice('patient:'.length))
      return [...devices.values()].filter((device) => !clinicId || device.clinicId === clinicId).map(handleOf)
    },

    async bindAppointment({ appointmentId, patientId, linkSecret }) {
      const device = await requireDevice(context, patientId)
      const bound: BoundAppointment = { patientId, linkSecret }
      if (device.home === 'stored') await storage.put(`appointment:${appointmentId}`, bound)
      appointments.set(appointmentId, bound)
    },

    async appointment(appointmentId) {
      const bound =
        appointments.get(appointmentId) ?? (await storage.get<BoundAppointment>(`appointment:${appointmentId}`))
      const device = bound && (await findDevice(context, bound.patientId))
      return device ? { patient: handleOf(device), linkSecret: bound.linkSecret } : null
    },

    async forget(patientId) {
      for (const key of await storage.keys('appointment:')) {
        const bound = await storage.get<BoundAppointment>(key)
        if (!patientId || bound?.patientId === patientId) await storage.remove(key)
      }
      for (const [id, bound] of appointments) if (!patientId || bound.patientId === patientId) appointments.delete(id)
      const keys = patientId ? [`patient:${patientId}`] : await storage.keys('patient:')
      for (const key of keys) await storage.remove(key)
      if (patientId) devices.delete(patientId)
      else devices.clear()
      for (const key of await storage.keys('care:'))
        if (!patientId || key.endsWith(`/${patientId}`)) await storage.remove(key)
      if (patientId) return
      for (const key of await storage.keys('draft:')) await storage.remove(key)
    },

    async signPatient({ patientId, purpose, fields }) {
      const device = await requireDevice(context, patientId)
      return signProof(device.keys.sign.privateKey, purpose, fields)
    },

    async signStaff({ purpose, fields }) {
      if (!context.unlocked) throw new VaultError('LOCKED')
      return signProof(context.unlocked.keys.sign.privateKey, purpose, fields)
    },
  }
}

export async function findDevice(context: VaultContext, patientId: string): Promise<PatientDevice | null> {
  const held = context.devices.get(patientId) ?? (await context.storage.get<PatientDevice>(`patient:${patientId}`))
  if (held) context.devices.set(patientId, held)
  return held
}

/** Keys that were made here become this patient's on this device: in the place of any that it held for them before. */
export async function keepDevice(
  { storage, devices }: VaultContext,
  made: Pick<PatientDevice, 'clinicId' | 'patientId' | 'keys' | 'helps' | 'claims'> & { keyId?: string },
  home: KeyHome = 'stored',
): Promise<PatientHandle> {
  const kept: KeyHome = home === 'stored' ? storage.home : 'memory'
  const device: PatientDevice = { ...made, keyId: made.keyId ?? crypto.randomUUID(), home: kept }
  if (kept === 'stored') await storage.put(`patient:${made.patientId}`, device)
  devices.set(made.patientId, device)
  return handleOf(device)
}

/** Throws NO_KEY: this browser holds no keys of this patient. */
export async function requireDevice(context: VaultContext, patientId: string): Promise<PatientDevice> {
  const device = await findDevice(context, patientId)
  if (!device) throw new VaultError('NO_KEY', 'no keys of this patient on this device')
  return device
}

export const handleOf = ({ clinicId, patientId, keyId, keys, home, helps }: PatientDevice): PatientHandle => ({
  clinicId,
  patientId,
  keyId,
  keys: publicKeys(keys.public),
  home,
  ...(helps && { helps: helps.role }),
})

async function signProof(key: CryptoKey, purpose: string, fields: (string | number)[]) {
  if (isReserved(purpose)) throw new VaultError('UNSUPPORTED', `${purpose} is signed by the vault alone`)
  return toB64(await sign(key, purpose, fields))
}
