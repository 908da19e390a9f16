import type { CallMessage, Knock } from '../call/messages.ts'
import type { B64, PublicKeys } from '../crypto/types.ts'

/** Where one handshake stands. `failed` is final: nothing more of it is believed, and no key comes of it. */
export interface HandshakeView {
  phase: 'waiting' | 'committed' | 'revealed' | 'ready' | 'alone' | 'failed'
  epoch: number
  /** Both sides show the same one, or somebody is in between. Null until both have revealed. */
  safetyCode: string | null
  /** Whose signature the other side's messages carry. */
  peer: { keys: PublicKeys; memberId: string | null } | null
  failure: string | null
}

/** What to send next, in this order, and where the handshake stands. */
export interface HandshakeStep {
  send: CallMessage[]
  view: HandshakeView
}

/**
 * The vault's part in a call: the handshake of design §7 runs where the keys are. Ephemeral and sender keys are made here
 * and leave only over `callFrames`' port. Signatures, origin and commitments are checked here, whatever a page or a server
 * says; refusals are VaultErrors.
 */
export interface CallVault {
  /** The patient device's proof of possession for this ticket, nonce and origin. Starts or restarts its side of the call. */
  callKnock(input: { patientId: string; callId: string; ticket: string; nonce: B64 }): Promise<Knock>
  /**
   * What a practitioner's browser itself knows of the device that knocked. Throws BAD_SIGNATURE for a knock that its key
   * did not sign, or signed for another call or origin.
   */
  callWho(input: {
    clinicId: string
    callId: string
    patientId: string
    knock: Knock
  }): Promise<{ trust: 'vouched' | 'first-use' | 'none' }>
  /** The practitioner admits this device: the first message of an epoch above `above`. */
  callAdmit(input: {
    clinicId: string
    callId: string
    patientId: string
    knock: Knock
    above: number
  }): Promise<HandshakeStep>
  /** One message from the relay, in its order. Those of other epochs, or seen before, change nothing. */
  callTake(input: { callId: string; message: CallMessage }): Promise<HandshakeStep>
  /** The other side has left: a new epoch with nobody else in it, in which nothing is sent. */
  callAlone(input: { callId: string; above: number }): Promise<HandshakeStep>
  /**
   * The codes match: a clinical member's statement that the other side's keys are this patient's. `safetyCode` is the one
   * that was compared on the screen; STALE when the call has another by now. `name` is the patient's that stood there:
   * NOT_VOUCHED unless an identity record of this patient that was opened here says it.
   */
  callMatches(input: {
    callId: string
    safetyCode: string
    name: string | null
  }): Promise<{ vouch: B64; keys: PublicKeys }>
  /** Where this call's keys go: a port whose other end the frame worker holds. */
  callFrames(input: { callId: string }, port: MessagePort): Promise<void>
  /** Forgets the call and its keys. */
  callForget(input: { callId: string }): Promise<void>
}
