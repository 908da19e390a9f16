import type { DoorDevice, Lobby, PatientSync, PractitionerSync, Sync } from '../call/rules.ts'
import { call } from './api.ts'
import { pinOf } from './booking-device.ts'
import { type CallCode, CallSession } from './call-session.ts'
import { Welcome } from './call-welcome.ts'
import { vault } from './vault.ts'
import type { ChainView, PatientHandle } from './vault-api.ts'
import { VaultError } from './vault-error.ts'

const again = { retry: true }

export type Opened<T> = { ok: true; value: T } | { ok: false; code: CallCode }

/** What a call needs of a browser: its own frame transforms, cameras, and curves for the keys. */
export function callsSupported(): boolean {
  return (
    globalThis.isSecureContext &&
    typeof RTCPeerConnection === 'function' &&
    typeof RTCRtpScriptTransform === 'function' &&
    typeof navigator.mediaDevices?.getUserMedia === 'function' &&
    typeof crypto.subtle?.deriveBits === 'function'
  )
}

// ── the patient's side ──

export interface PatientDoor {
  lobby: Lobby
  /** How this browser came to believe the clinic's key. */
  trust: ChainView['trust']
  patient: PatientHandle
  secret: string
}

/**
 * The link's appointment and this device's keys for it. A device without any makes its own: normal, and told as such to
 * the practitioner. `fragment` is the page's; a device that has been here before does not need it.
 */
export async function openLink(appointmentId: string, fragment: string): Promise<Opened<PatientDoor>> {
  // One at a time, in every tab of this browser: a device makes one key for a patient, not two.
  return navigator.locks.request(`curtain.link:${appointmentId}`, () => openLinkAlone(appointmentId, fragment))
}
function openLinkAlone(appointmentId: string, fragment: string): Promise<Opened<PatientDoor>> {
  return caught(async () => {
    const bound = await vault().appointment(appointmentId)
    const secret = new URLSearchParams(fragment.replace(/^#/, '')).get('s') ?? bound?.linkSecret
    if (!secret) return { ok: false, code: 'NOT_FOUND' }
    const looked = await call('call/look', { appointmentId, secret }, again)
    if (!looked.ok) return looked
    const { patientId, statements } = looked.value
    // A device that booked here knows whose appointment this is; the server's word counts on one that comes with the link alone.
    const clinicId = bound?.patient.clinicId ?? looked.value.clinicId
    // The defence of attack 6 on a first visit: the clinic's own link said which root its chain has.
    const { trust } = await vault().loadChain({ clinicId, statements }, pinOf(clinicId))
    const known = bound?.patient ?? (await vault().patients(clinicId)).find((each) => each.patientId === patientId)
    const patient = known ?? (await vault().createPatient({ clinicId, patientId, home: await vault().probe() }))
    if (!bound) await vault().bindAppointment({ appointmentId, patientId: patient.patientId, linkSecret: secret })
    return { ok: true, value: { lobby: looked.value, trust, patient, secret } }
  })
}

export class PatientCall extends CallSession<PatientSync> {
  private readonly patientDoor: PatientDoor
  /** Told when only a new knock helps: the chain has grown, or this device was let go and wants back. */
  onKnockAgain: () => void = () => undefined

  private constructor(door: string, sync: PatientSync, patientDoor: PatientDoor) {
    super(door, sync)
    this.patientDoor = patientDoor
  }

  /** Ticket, knock, waiting room. */
  static knock(appointmentId: string, at: PatientDoor): Promise<Opened<PatientCall>> {
    return caught(async () => {
      const { patient, secret } = at
      const ticket = await call(
        'call/ticket',
        { appointmentId, secret, keyId: patient.keyId, keys: patient.keys },
        again,
      )
      if (!ticket.ok) return ticket
      const { callId, nonce, ticket: text } = ticket.value
      const knock = await vault().callKnock({ patientId: patient.patientId, callId, ticket: text, nonce })
      const answered = await call('call/knock', { ticket: text, knock })
      if (!answered.ok) return answered
      const session = new PatientCall(answered.value.door, answered.value.sync as PatientSync, at)
      await session.start()
      return { ok: true, value: session }
    })
  }

  sendCode = () => call('call/code', { door: this.door })
  confirm = (code: string) => call('call/confirm', { door: this.door, code })

  get home() {
    return this.patientDoor.patient.home
  }

  protected override async onSync(sync: PatientSync): Promise<void> {
    // Let go by a newer knock of this device, or by the practitioner: this session is over, the device is not.
    if (sync.state === 'left' && sync.call !== 'ended') this.onKnockAgain()
  }
}

// ── the practitioner's side ──

export interface Visitor extends DoorDevice {
  /** What this browser itself knows of the device's key; `false` when it did not even prove its key. */
  trust: 'vouched' | 'first-use' | 'none' | 'false'
}

export class PractitionerCall extends CallSession<PractitionerSync> {
  readonly appointmentId: string
  readonly patientId: string
  private readonly clinicId: string
  private readonly trusts = new Map<string, Visitor['trust']>()
  private readonly welcome = new Welcome()
  private admitting: string | null = null

  private constructor(
    opened: { door: string; sync: Sync; patientId: string; clinicId: string },
    appointmentId: string,
  ) {
    super(opened.door, opened.sync as PractitionerSync)
    this.appointmentId = appointmentId
    this.patientId = opened.patientId
    this.clinicId = opened.clinicId
  }

  /** `patientId` is the chart's, beside which the call stands: OTHER_PATIENT when the server names another for it. */
  static open(appointmentId: string, patientId: string): Promise<Opened<PractitionerCall>> {
    return caught(async () => {
      const opened = await call('call/open', { appointmentId }, again)
      if (!opened.ok) return opened
      // The defence of attack 7 in a call: whom "matches" vouches for is who was looked at, not whom the server likes.
      if (opened.value.patientId !== patientId) return { ok: false, code: 'OTHER_PATIENT' }
      const session = new PractitionerCall(opened.value, appointmentId)
      await session.start()
      return { ok: true, value: session }
    })
  }

  visitors(): Visitor[] {
    return this.view.sync.devices.map((device) => ({
      ...device,
      trust: this.trusts.get(device.participantId) ?? 'none',
    }))
  }

  /** The device that is in, or on its way in. */
  guest(): Visitor | null {
    return this.visitors().find(({ state }) => state === 'admitted' || state === 'joined') ?? null
  }

  admit(device: DoorDevice): Promise<void> {
    this.welcome.letIn(device)
    this.clearProblem()
    return this.begin(device)
  }

  turnAway(device: DoorDevice) {
    this.welcome.turnAway(device)
    return call('call/turn-away', { appointmentId: this.appointmentId, participantId: device.participantId })
  }

  async end(differs = false): Promise<void> {
    await this.close()
    await call('call/end', { appointmentId: this.appointmentId, differs }, again)
  }

  /**
   * "The codes match": vouches for the key of the device whose code was read out, and re-grants what the patient could read
   * before. Answers how many records that were; STALE when that code is no longer the call's. `name` is the one on the screen.
   */
  matches(safetyCode: string, name: string | null): Promise<Opened<number>> {
    return caught(async () => {
      const guest = this.guest()
      if (!guest) return { ok: false, code: 'NOT_ADMITTED' }
      const { vouch, keys } = await vault().callMatches({ callId: this.callId, safetyCode, name })
      const readable = await call('call/readable', { appointmentId: this.appointmentId }, again)
      if (!readable.ok) return readable
      const recipient = { kind: 'patient' as const, id: this.patientId, key: keys.dh, epoch: 0 }
      const regranted = await vault().regrant(readable.value.records, recipient)
      const grants = regranted.map((each) => ({ ...each, grant: { ...each.grant, recipient } }))
      const ids = { appointmentId: this.appointmentId, participantId: guest.participantId }
      const answered = await call('call/matches', { ...ids, keys, vouch, grants }, again)
      if (answered.ok) this.trusts.set(guest.participantId, 'vouched')
      this.change({})
      return answered.ok ? { ok: true, value: answered.value.granted } : answered
    })
  }

  protected override async onSync(sync: PractitionerSync): Promise<void> {
    for (const device of sync.devices) await this.learn(device)
    // Told before our last epoch reached the server: who is in it, this does not say yet.
    if (sync.epoch < (this.view.handshake?.epoch ?? 0)) return this.change({})
    const inside = sync.devices.find(({ state }) => state === 'admitted' || state === 'joined')
    const phase = this.view.handshake?.phase
    if (!inside && phase && phase !== 'alone' && phase !== 'failed') {
      // They left: a new epoch in which nothing is sent, so that nobody who was in can hear what comes after.
      await this.say(await vault().callAlone({ callId: this.callId, above: sync.epoch }))
    }
    const back = this.welcome.back(sync.devices)
    if (back) await this.begin(back)
    this.change({})
  }

  private async learn(device: DoorDevice): Promise<void> {
    const known = this.trusts.get(device.participantId)
    if (known && known !== 'none') return
    const { clinicId, callId, patientId } = this
    const trust = await vault()
      .callWho({ clinicId, callId, patientId, knock: device.knock })
      .then((who) => who.trust)
      .catch((error: unknown): Visitor['trust'] => {
        if (error instanceof VaultError && error.code === 'BAD_SIGNATURE') return 'false'
        throw error
      })
    this.trusts.set(device.participantId, trust)
  }

  private async begin(device: DoorDevice): Promise<void> {
    if (this.admitting === device.participantId) return
    this.admitting = device.participantId
    try {
      const { clinicId, callId, patientId } = this
      for (let attempt = 0; attempt < 3; attempt++) {
        const newest = await call('call/sync', { door: this.door, after: Number.MAX_SAFE_INTEGER }, again)
        const above = newest.ok ? newest.value.epoch : this.view.sync.epoch
        if (await this.say(await vault().callAdmit({ clinicId, callId, patientId, knock: device.knock, above }))) break
      }
    } finally {
      this.admitting = null
    }
  }
}

async function caught<T>(work: () => Promise<Opened<T>>): Promise<Opened<T>> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof VaultError) return { ok: false, code: error.code }
    throw error
  }
}
