import { type Bytes, fromB64, toB64 } from '../crypto/bytes.ts'
import { importSenderKey } from '../crypto/frame-key.ts'
import type { Keys } from '../crypto/keys.ts'
import {
  type CallRole,
  checkReveal,
  checkRoster,
  commitTo,
  newEphemeral,
  newSenderKey,
  openSenderKey,
  type Party,
  type Reveal,
  safetyCode,
  sealSenderKey,
  signRoster,
  transcript,
} from '../crypto/sas.ts'
import { sign, verify } from '../crypto/sign.ts'
import type { PublicKeys } from '../crypto/types.ts'
import { type CallMessage, type Knock, type MessageOf, purposes, signedFields } from '../call/messages.ts'
import type { KeysFromVault } from './frames-api.ts'
import type { SenderKey } from './frames.ts'
import type { HandshakeStep, HandshakeView } from './vault-call-api.ts'
import { publicKeys, rawKeys } from './vault-context.ts'
import { refusalCode, VaultError } from './vault-error.ts'

/** Where a call's keys go. Kept from one handshake of a call to the next. */
export interface KeySink {
  port: MessagePort | null
  last: KeysFromVault | null
}

/** What a call has tried, over all its handshakes: `finished` are those whose code a person can see. */
export interface Tries {
  begun: number
  finished: number
}
/**
 * Who sits in between learns each try's code before anybody else, and gives up the try where it does not suit. Eight digits
 * bear that few times: after so many that came to nothing, and so many in all, the call is over.
 */
const MOST_UNFINISHED = 8
const MOST_TRIES = 64

export interface HandshakeInput {
  role: CallRole
  callId: string
  /** The patient's device keys, or the practitioner's account keys. */
  keys: Keys
  knock: Knock
  sink: KeySink
  tries: Tries
  /** Epochs only rise: the first one here is above this. */
  above: number
  /** Member id of a practitioner whose keys these are by the verified chain. Throws otherwise. */
  requirePractitioner: (keys: PublicKeys, chainHead: string) => string
}

const PLACE: Record<CallRole, number> = { practitioner: 0, patient: 1 }

/**
 * One side of the handshake:  admit → commit → reveal, reveal → roster → sender keys.
 * The practitioner begins; each epoch begins anew. A message that does not fit is ignored when it is late or repeated, and
 * ends the handshake when it is false: a failed one gives no keys, and says why.
 */
export class Handshake {
  view: HandshakeView
  private readonly input: HandshakeInput
  private own: { pair: CryptoKeyPair; reveal: Reveal; commitment: Bytes } | null = null
  private admitted: MessageOf<'admit'> | null = null
  private theirCommitment: Bytes | null = null
  private theirs: Reveal | null = null
  private hash: Bytes | null = null
  private ownKey: CryptoKey | null = null
  private rostered = false
  private ended = false
  private busy: Promise<unknown> = Promise.resolve()

  constructor(input: HandshakeInput) {
    this.input = input
    this.view = { phase: 'waiting', epoch: input.above, safetyCode: null, peer: null, failure: null }
  }

  /** Practitioner: answers the knock. */
  async admit(chainHead: string, nonce: string): Promise<HandshakeStep> {
    const { callId, keys, knock } = this.input
    const epoch = this.view.epoch + 1
    if (!this.mayTry()) return this.fail('BAD_COMMITMENT')
    await this.commit()
    const unsigned = {
      epoch,
      knock: knock.signature,
      patient: knock.keys,
      practitioner: publicKeys(keys.public),
      nonce,
      commitment: toB64(this.own!.commitment),
      chainHead,
    }
    const signature = await this.sign(purposes.admit, signedFields.admit(callId, unsigned))
    this.admitted = { kind: 'admit', ...unsigned, signature }
    this.view = { ...this.view, phase: 'committed', epoch, peer: { keys: knock.keys, memberId: null } }
    return this.step([this.admitted])
  }

  /** One message at a time, in the order in which they came. */
  take(message: CallMessage): Promise<HandshakeStep> {
    const turn = this.busy.then(() => this.turn(message))
    this.busy = turn.catch(() => undefined)
    return turn
  }

  /** The keys that it works with are no longer there: nothing more is signed, and the frame worker forgets its own. */
  end(): void {
    this.fail('LOCKED')
    this.ended = true
  }

  get role(): CallRole {
    return this.input.role
  }

  /** Practitioner: nobody else is here now. The frame worker forgets every key, so nothing goes out. */
  async alone(above: number): Promise<HandshakeStep> {
    const { callId, keys, role } = this.input
    const epoch = Math.max(above, this.view.epoch) + 1
    this.give({ epoch, generation: 0, own: null, others: [] })
    this.view = { ...this.view, phase: 'alone', epoch, safetyCode: null, peer: null }
    if (role !== 'practitioner' || !this.own || !this.hash) return this.step([])
    const parties = [{ role, ephemeral: this.own.reveal.ephemeral, keys: keys.public }]
    const signature = await signRoster(keys.sign.privateKey, { callId, epoch, transcript: this.hash, parties })
    return this.step([rosterMessage(epoch, this.hash, parties, signature)])
  }

  private async turn(message: CallMessage): Promise<HandshakeStep> {
    if (this.view.phase === 'failed') return this.step([])
    try {
      const send = await this.answer(message)
      return this.ended ? this.fail('LOCKED') : this.step(send)
    } catch (error) {
      const code = refusalCode(error)
      if (!code) throw error
      return this.fail(code)
    }
  }

  private fail(failure: string): HandshakeStep {
    this.view = { ...this.view, phase: 'failed', safetyCode: null, failure }
    this.give({ epoch: this.view.epoch, generation: 0xff, own: null, others: [] })
    return this.step([])
  }

  private mayTry(): boolean {
    const { tries } = this.input
    // The defence of attack 6 against tries that nobody sees.
    if (tries.begun - tries.finished >= MOST_UNFINISHED || tries.begun >= MOST_TRIES) return false
    tries.begun += 1
    return true
  }

  private async answer(message: CallMessage): Promise<CallMessage[]> {
    if (this.input.role === 'patient' && message.kind === 'admit') return this.takeAdmit(message)
    if (message.epoch !== this.view.epoch) return []
    if (this.input.role === 'practitioner' && message.kind === 'commit') return this.takeCommit(message)
    if (message.kind === 'reveal' && message.role !== this.input.role) return this.takeReveal(message)
    if (this.input.role === 'patient' && message.kind === 'roster') return this.takeRoster(message)
    if (message.kind === 'sender-key' && message.sender === this.view.peer?.keys.sign)
      return this.takeSenderKey(message)
    return []
  }

  /** Patient: is it a practitioner of this clinic, and is it my knock that they answer? */
  private async takeAdmit(message: MessageOf<'admit'>): Promise<CallMessage[]> {
    const { callId, keys, knock, requirePractitioner } = this.input
    if (message.epoch <= this.view.epoch) return []
    const mine = publicKeys(keys.public)
    if (message.patient.sign !== mine.sign || message.patient.dh !== mine.dh) return []
    if (message.knock !== knock.signature) return []
    await verify(
      fromB64(message.practitioner.sign, 32),
      purposes.admit,
      signedFields.admit(callId, message),
      fromB64(message.signature, 64),
    )
    const memberId = requirePractitioner(message.practitioner, message.chainHead)
    if (!this.mayTry()) throw new VaultError('BAD_COMMITMENT', 'too many admissions that came to nothing')
    this.restart(message)
    this.theirCommitment = fromB64(message.commitment, 32)
    await this.commit()
    this.view = {
      ...this.view,
      phase: 'committed',
      epoch: message.epoch,
      safetyCode: null,
      peer: { keys: message.practitioner, memberId },
    }
    const unsigned = { epoch: message.epoch, nonce: message.nonce, commitment: toB64(this.own!.commitment) }
    const signature = await this.sign(purposes.commit, signedFields.commit(callId, unsigned, knock))
    // Theirs came with the admission and mine goes first: both commitments are in before my key is seen.
    return [{ kind: 'commit', ...unsigned, signature }, await this.reveal()]
  }

  /** Practitioner: the device commits, over my nonce. */
  private async takeCommit(message: MessageOf<'commit'>): Promise<CallMessage[]> {
    const { callId, knock } = this.input
    if (this.theirCommitment || !this.admitted) return []
    if (message.nonce !== this.admitted.nonce) throw new VaultError('BAD_SIGNATURE', 'answers another admission')
    await verify(
      fromB64(knock.keys.sign, 32),
      purposes.commit,
      signedFields.commit(callId, message, knock),
      fromB64(message.signature, 64),
    )
    this.theirCommitment = fromB64(message.commitment, 32)
    return [await this.reveal()]
  }

  private async takeReveal(message: MessageOf<'reveal'>): Promise<CallMessage[]> {
    const { callId, keys, role } = this.input
    if (this.theirs) return []
    if (!this.theirCommitment || !this.own) throw new VaultError('BAD_COMMITMENT', 'revealed before it was committed')
    const signer = fromB64(this.view.peer!.keys.sign, 32)
    await verify(signer, purposes.reveal, signedFields.reveal(callId, message), fromB64(message.signature, 64))
    const theirs: Reveal = {
      role: message.role,
      callId,
      ephemeral: fromB64(message.ephemeral, 32),
      random: fromB64(message.random, 32),
    }
    await checkReveal(this.theirCommitment, theirs, this.own.reveal)
    this.theirs = theirs
    this.hash = await transcript(callId, fromB64(this.admitted!.chainHead, 32), this.parties())
    this.view = { ...this.view, phase: 'revealed', safetyCode: await safetyCode(this.hash) }
    if (role === 'patient') return []
    this.input.tries.finished += 1
    const { epoch } = this.view
    const parties = this.parties().map(({ role, ephemeral, keys }) => ({ role, ephemeral, keys }))
    const signature = await signRoster(keys.sign.privateKey, { callId, epoch, transcript: this.hash, parties })
    this.rostered = true
    return [rosterMessage(epoch, this.hash, parties, signature), await this.sendKey()]
  }

  /** Patient: the practitioner's word on who is here: us two, and nobody else. */
  private async takeRoster(message: MessageOf<'roster'>): Promise<CallMessage[]> {
    if (this.rostered || !this.hash || !this.theirs) return []
    const { callId } = this.input
    const parties = message.parties.map((party) => ({
      role: party.role,
      ephemeral: fromB64(party.ephemeral, 32),
      keys: rawKeys(party.keys),
    }))
    const roster = { callId, epoch: message.epoch, transcript: fromB64(message.transcript, 32), parties }
    const expected = { callId, previousEpoch: message.epoch - 1, transcript: this.hash }
    await checkRoster(fromB64(this.view.peer!.keys.sign, 32), roster, fromB64(message.signature, 64), expected)
    const named = parties.map((party) => `${party.role} ${toB64(party.ephemeral)} ${toB64(party.keys.sign)}`).sort()
    const known = this.parties().map((party) => `${party.role} ${toB64(party.ephemeral)} ${toB64(party.keys.sign)}`)
    if (named.join() !== known.sort().join()) throw new VaultError('NOT_FOR_YOU', 'a roster of others')
    this.rostered = true
    this.input.tries.finished += 1
    return [await this.sendKey()]
  }

  private async takeSenderKey(message: MessageOf<'sender-key'>): Promise<CallMessage[]> {
    if (this.view.phase === 'ready' || !this.rostered || !this.hash || !this.theirs || !this.ownKey) return []
    const { callId, role } = this.input
    const peer = this.view.peer!
    const expected = {
      callId,
      epoch: this.view.epoch,
      sender: fromB64(peer.keys.sign, 32),
      recipient: this.own!.reveal.ephemeral,
      transcript: this.hash,
    }
    const received = {
      callId,
      epoch: message.epoch,
      sender: fromB64(message.sender, 32),
      recipient: fromB64(message.recipient, 32),
      transcript: fromB64(message.transcript, 32),
      box: { enc: fromB64(message.enc), ct: fromB64(message.ct) },
      signature: fromB64(message.signature, 64),
    }
    const key = await importSenderKey(await openSenderKey(received, this.own!.pair, expected))
    const { epoch } = this.view
    const mine = toB64(this.input.keys.public.sign)
    const as = (of: CallRole, participantId: string, senderKey: CryptoKey): SenderKey => ({
      sender: PLACE[of],
      participantId,
      epoch,
      generation: 0,
      key: senderKey,
    })
    const other: CallRole = role === 'patient' ? 'practitioner' : 'patient'
    this.view = { ...this.view, phase: 'ready' }
    this.give({ epoch, generation: 0, own: as(role, mine, this.ownKey), others: [as(other, peer.keys.sign, key)] })
    return []
  }

  private async sendKey(): Promise<CallMessage> {
    const { callId, keys } = this.input
    const raw = newSenderKey()
    const to = { callId, epoch: this.view.epoch, recipient: this.theirs!.ephemeral, transcript: this.hash! }
    const sealed = await sealSenderKey(raw, to, { key: keys.sign.privateKey, public: keys.public.sign })
    this.ownKey = await importSenderKey(raw)
    return {
      kind: 'sender-key',
      epoch: sealed.epoch,
      sender: toB64(sealed.sender),
      recipient: toB64(sealed.recipient),
      transcript: toB64(sealed.transcript),
      enc: toB64(sealed.box.enc),
      ct: toB64(sealed.box.ct),
      signature: toB64(sealed.signature),
    }
  }

  private async reveal(): Promise<CallMessage> {
    const { callId } = this.input
    const { reveal } = this.own!
    const unsigned = {
      epoch: this.view.epoch,
      role: reveal.role,
      ephemeral: toB64(reveal.ephemeral),
      random: toB64(reveal.random),
    }
    const signature = await this.sign(purposes.reveal, signedFields.reveal(callId, unsigned))
    return { kind: 'reveal', ...unsigned, signature }
  }

  private async commit(): Promise<void> {
    const { pair, reveal } = await newEphemeral(this.input.role, this.input.callId)
    this.own = { pair, reveal, commitment: await commitTo(reveal) }
  }

  /** A newer admission: nothing of the epoch before counts. */
  private restart(message: MessageOf<'admit'>): void {
    this.admitted = message
    this.theirs = null
    this.hash = null
    this.ownKey = null
    this.rostered = false
  }

  private parties(): Party[] {
    const { role, keys } = this.input
    const own = { role, ephemeral: this.own!.reveal.ephemeral, keys: keys.public, commitment: this.own!.commitment }
    const theirs = {
      role: this.theirs!.role,
      ephemeral: this.theirs!.ephemeral,
      keys: rawKeys(this.view.peer!.keys),
      commitment: this.theirCommitment!,
    }
    return [own, theirs]
  }

  private give(keys: KeysFromVault): void {
    if (this.ended) return
    this.input.sink.last = keys
    this.input.sink.port?.postMessage(keys)
  }

  private async sign(purpose: string, fields: (string | number)[]): Promise<string> {
    return toB64(await sign(this.input.keys.sign.privateKey, purpose, fields))
  }

  private step(send: CallMessage[]): HandshakeStep {
    return { send, view: this.view }
  }
}

function rosterMessage(
  epoch: number,
  hash: Bytes,
  parties: Pick<Party, 'role' | 'ephemeral' | 'keys'>[],
  signature: Bytes,
): CallMessage {
  return {
    kind: 'roster',
    epoch,
    transcript: toB64(hash),
    parties: parties.map((party) => ({
      role: party.role,
      ephemeral: toB64(party.ephemeral),
      keys: publicKeys(party.keys),
    })),
    signature: toB64(signature),
  }
}
