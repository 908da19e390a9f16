import { equal, fromB64, sha256, toB64, utf8 } from '../crypto/bytes.ts'
import { currentMembers } from '../crypto/chain.ts'
import type { RawKeys } from '../crypto/keys.ts'
import { audienceOf } from '../crypto/policy.ts'
import { groupRecipients } from '../crypto/recipients.ts'
import {
  type Author,
  handOnRecord,
  openRecord,
  type Reader,
  type RecordAuthor,
  regrantRecord,
  sealRecord,
} from '../crypto/record.ts'
import type { Group, Recipient, RecordType, Sealed } from '../crypto/types.ts'
import type { NoteContent } from '../encounter/rules.ts'
import { requireDevice } from './device-keys.ts'
import type { Opened, OpenOptions, OpenResult, SealInput, Vault } from './vault-api.ts'
import type { HelperView } from './vault-care-api.ts'
import { hasStepsBack, helperOf, mayReadAsHelper } from './vault-care.ts'
import {
  type LoadedChain,
  type PatientDevice,
  publicKeys,
  requireChain,
  requireMember,
  sameKeys,
  type VaultContext,
} from './vault-context.ts'
import { refusalCode, VaultError } from './vault-error.ts'
import { believedOwn, mayHandTo, ownKeys } from './vault-own.ts'
import { nameOf, patientTrust, refused } from './vault-patient-keys.ts'

type RecordPart = Pick<
  Vault,
  | 'seal'
  | 'sealMany'
  | 'open'
  | 'openAgain'
  | 'regrant'
  | 'loadPatientKeys'
  | 'vouchPatient'
  | 'hashText'
  | 'loadOwnKeys'
  | 'handOn'
>
/** Types that a patient reads whoever wrote them; a note is theirs once it is shared. */
const patientReads: readonly RecordType[] = [
  'identity',
  'checklist',
  'reason',
  'intake',
  'consent',
  'prescription',
  'care',
]
type Sealing = SealInput & { asPatient?: string }

export function records(context: VaultContext): RecordPart {
  const { patientKeys, names, turns } = context
  const trust = patientTrust(context)
  const { believed, mayRead, partly, mayReadPartly } = trust

  function remember(whose: string, identity: unknown) {
    const { name } = (identity ?? {}) as { name?: unknown }
    if (typeof name === 'string') names.set(whose, (names.get(whose) ?? new Set()).add(name))
  }

  /** Recipients come from the verified chain and from believed patient keys: never from the page or the server alone. */
  async function recipientsOf(
    input: Sealing,
    { managing, groups: read }: { managing: Group; groups: Group[] },
    loaded: LoadedChain,
    device: PatientDevice | null,
  ): Promise<Recipient[]> {
    const groups = groupRecipients(loaded.chain, read)
    const patients = (input.patients ?? []).map(async ({ patientId, key }): Promise<Recipient> => {
      const isOwn = device?.patientId === patientId && toB64(device.keys.public.dh) === key
      const known = isOwn ? [] : await believed(input.clinicId, patientId)
      // The defence of attack 7 for patients: a key that only the database says is the patient's gets nothing.
      const whose = nameOf(input.clinicId, patientId)
      const isTold = mayReadPartly(whose, key, managing)
      const isRead = (mayRead(known, key) || isTold) && !hasStepsBack(context, whose, key)
      // The defence against a helper whose time is over: nothing new is sealed for them, whatever the server lists.
      if (patientId !== input.patientId || !(isOwn || isRead || mayReadAsHelper(context, whose, key, known))) {
        throw new VaultError('NOT_VOUCHED', 'a key nobody stands behind')
      }
      // And none while this browser has not seen a name that goes with it.
      if (!isOwn && !names.has(whose)) {
        throw new VaultError('NOT_VOUCHED', 'no identity of this patient was opened')
      }
      return { kind: 'patient', id: patientId, key, epoch: 0 }
    })
    const escrow = device ? undefined : context.emergency.get(nameOf(input.clinicId, input.patientId))
    return [...groups, ...(await Promise.all(patients)), ...(escrow ? [escrow] : [])]
  }

  async function seal(input: Sealing): Promise<Sealed> {
    const loaded = requireChain(context, input.clinicId)
    const device = input.asPatient ? await requireDevice(context, input.asPatient) : null
    if (device && (device.clinicId !== input.clinicId || device.patientId !== input.patientId)) {
      throw new VaultError('NO_KEY', 'the keys of another patient')
    }
    const keys = device ? device.keys : requireMember(context).unlocked.keys
    if (!device && requireMember(context).unlocked.clinicId !== input.clinicId) throw new VaultError('LOCKED')
    const author: RecordAuthor = { sign: keys.sign.privateKey, keys: keys.public }
    // As the chain has it now: what the page was told of this practitioner before counts for nothing.
    const { managing, groups } =
      'practitioner' in input
        ? audienceOf(currentMembers(loaded.chain), input.practitioner, input.type, input.site)
        : input
    const recipients = await recipientsOf(input, { managing, groups }, loaded, device)
    const { type, clinicId, patientId, recordId, revision, schema } = input
    const previous = input.previous ? fromB64(input.previous, 32) : null
    const header = {
      type,
      clinicId,
      patientId,
      recordId,
      revision,
      previous,
      chainHead: loaded.chain.head,
      schema,
      managing,
    }
    return sealRecord(header, input.content, recipients, author)
  }

  /** The keys and beliefs to read with. Throws LOCKED or NO_KEY when there are none. */
  async function readerFor(sealed: Sealed[], asPatient?: string): Promise<Reader> {
    const device = asPatient ? await requireDevice(context, asPatient) : null
    const unlocked = device ? null : requireMember(context).unlocked
    const clinicId = device?.clinicId ?? unlocked!.clinicId
    const { chain } = requireChain(context, clinicId)
    const patientIds = new Set(sealed.map((record) => record.meta.patientId))
    await Promise.all([...patientIds].map((patientId) => believed(clinicId, patientId)))
    // Of this patient's, those that this very device is linked with: what they wrote is theirs, and what they hand on counts.
    const mine = device ? [device.keys.public, ...ownKeys(context, device)] : []
    return {
      chain,
      trustPatient(patientId, keys, managing) {
        if (mine.some((each) => sameKeys(each, keys)) && device?.patientId === patientId) return 'own'
        return trust.trustPatient(clinicId, patientId, keys, managing)
      },
      isPatients: (patientId, signKey) =>
        device?.patientId === patientId && mine.some((each) => equal(each.sign, signKey)),
      keysFor(recipient) {
        if (device) {
          const isOwn = recipient.kind === 'patient' && recipient.key === toB64(device.keys.public.dh)
          return isOwn ? device.keys.dh : null
        }
        if (recipient.kind === 'escrow') {
          const { opening } = context
          return opening?.recipient.id === recipient.id && opening.recipient.key === recipient.key ? opening.pair : null
        }
        if (recipient.kind === 'member')
          return recipient.key === toB64(unlocked!.keys.public.dh) ? unlocked!.keys.dh : null
        const epoch = unlocked!.epochs.find(
          (each) => each.group === recipient.id && toB64(each.public) === recipient.key,
        )
        return recipient.kind === 'group' && epoch ? epoch.pair : null
      },
      // A patient's device keeps nothing: it has one patient's few records.
      // And what opens in an emergency is not kept for later.
      ...(unlocked && !context.opening && { deks: context.cache }),
    }
  }

  async function openOne(sealed: Sealed, reader: Reader, patientId: string): Promise<OpenResult> {
    const { recordId } = sealed.meta
    let stranger = false
    try {
      // The defence of attack 8: another patient's record, however well signed.
      if (sealed.meta.patientId !== patientId) return { ok: false, recordId, code: 'BAD_ENVELOPE' }
      const known = reader.deks && context.cache.opened(sealed)
      if (known) return known
      const { header, hash, content, author } = await openRecord(sealed, {
        ...reader,
        trustPatient(id, keys, managing) {
          const trust = reader.trustPatient(id, keys, managing)
          stranger = trust === null
          return trust ?? 'none'
        },
      })
      const { revision, type, managing } = header
      const by = authorView(author, header.author.sign, header.patientId)
      if (by.kind === 'patient') by.helper = helperSeen(header.clinicId, patientId, header.author.sign)
      const value = { recordId, revision, type, content, hash: toB64(hash), author: by, managing }
      // Opened, and a refusal all the same: only who asks for it by its name gets to see it.
      if (stranger) return { ok: false, recordId, code: 'NOT_VOUCHED', unvouched: value }
      if (type === 'identity') remember(nameOf(header.clinicId, patientId), content)
      const result = { ok: true, value } as const
      if (reader.deks) context.cache.keepOpened(sealed, result)
      return result
    } catch (error) {
      const code = refusalCode(error)
      if (!code) throw error
      return { ok: false, recordId, code }
    }
  }

  /** Who it was that signed for the patient, where it was not the patient. */
  function helperSeen(clinicId: string, patientId: string, signKey: RawKeys['sign']): HelperView | null {
    const known = patientKeys.get(nameOf(clinicId, patientId)) ?? []
    const trustOf = (keys: RawKeys) => known.find((each) => sameKeys(each.keys, keys))?.trust ?? ('own' as const)
    const found = helperOf(context, nameOf(clinicId, patientId), signKey, trustOf)
    return found && { careId: found.careId, name: found.name, relation: found.relation, state: found.state }
  }

  async function openAll(sealed: Sealed[], options: OpenOptions): Promise<OpenResult[]> {
    const reader = await readerFor(sealed, options.asPatient)
    const { patientId } = options
    const results = new Array<OpenResult>(sealed.length)
    // Identities first: the key that gave name and birth date is the one the others are held against. One after the other,
    // earliest first as they were given: which key is the first must not depend on which decrypts sooner.
    const isIdentity = (index: number) => sealed[index]!.meta.type === 'identity'
    const indices = [...sealed.keys()]
    const inOrder = [...indices.filter(isIdentity), ...indices.filter((index) => !isIdentity(index))]
    const openAt = async (index: number) => void (results[index] = await openOne(sealed[index]!, reader, patientId))
    const known = await believed(reader.chain.clinicId, patientId)
    while (inOrder.length && !known.length) await openAt(inOrder.shift()!)
    // From then on nothing is taken on first use, and the order decides nothing.
    await Promise.all(inOrder.map(openAt))
    const patientIds = new Set(sealed.map((record) => record.meta.patientId))
    await Promise.all([...patientIds].map((id) => trust.rememberFirstUse(reader.chain.clinicId, id)))
    return results
  }

  /** Which records there are to grant is the server's choice; which of them a patient reads is not. */
  async function mayHandOn(record: Sealed, reader: Reader, patientId: string): Promise<boolean> {
    // The row's own word on place and type: regrantRecord refuses a row whose header says otherwise.
    const { type, patientId: whose } = record.meta
    if (whose !== patientId) return false
    if (type !== 'note') return patientReads.includes(type)
    const opened = await openRecord(record, reader).catch(refused)
    return (opened?.content as Partial<NoteContent> | undefined)?.shared === true
  }

  return {
    seal: (input) => turns.first(() => seal(input)) as Promise<Sealed<never>>,
    sealMany: (inputs) => turns.first(() => Promise.all(inputs.map(seal))),
    open: <T>(sealed: Sealed<T>[], options: OpenOptions) =>
      turns.first(() => openAll(sealed, options)) as Promise<OpenResult<T>[]>,

    async openAgain(names, { patientId }) {
      requireMember(context)
      // What opens in an emergency opens by the emergency's key.
      if (context.opening) return names.map(() => null)
      // The defence of attack 8 here too: of this patient, whatever the page asks for.
      return names.map((name) => (name.meta.patientId === patientId ? context.cache.named(name) : null))
    },

    async regrant(sealed, to) {
      const { unlocked, member } = requireMember(context)
      const known = await believed(unlocked.clinicId, to.id)
      const escrow = context.emergency.get(nameOf(unlocked.clinicId, to.id))
      const isEscrow = to.kind === 'escrow' && escrow?.key === to.key && escrow.epoch === to.epoch
      const isRead = isEscrow || mayRead(known, to.key)
      const whose = nameOf(unlocked.clinicId, to.id)
      const told = to.kind === 'patient' ? partly(whose, to.key).filter(({ left }) => !left) : []
      if (!isRead && !told.length) {
        throw new VaultError('NOT_VOUCHED', 'a key nobody stands behind')
      }
      const reader = await readerFor(sealed)
      const granter = { sign: unlocked.keys.sign.privateKey, member }
      const granted = await Promise.all(
        sealed.map(async (record) => {
          const { recordId, revision } = record.meta
          // The defence of attack 7 in "matches": a draft, or a note that was not shared, is the clinic's own.
          if (!isEscrow && !(await mayHandOn(record, reader, to.id))) return null
          // The defence of attack 7 against colleagues: whoever vouches for a key of theirs opens no record by it that their own
          // groups do not manage. The desk no clinical one, and who sees a part of the clinic nothing of the rest.
          const mayHave = (managing: Group) => isRead || mayReadPartly(whose, to.key, managing)
          // What does not open here, or is signed by a stranger, is handed on to nobody; the rest is.
          const recipient = isEscrow ? escrow : { ...to, epoch: 0 }
          const grant = await regrantRecord(record, reader, recipient, granter, mayHave).catch(refused)
          return grant && { recordId, revision, grant }
        }),
      )
      return granted.filter((each) => each !== null)
    },

    loadPatientKeys: trust.loadPatientKeys,
    vouchPatient: trust.vouchPatient,

    async loadOwnKeys({ patientId, keys }) {
      const device = await requireDevice(context, patientId)
      return { keys: (await believedOwn(context, device, keys)).map(publicKeys) }
    },

    async handOn({ patientId, records: sealed, to }) {
      const device = await requireDevice(context, patientId)
      const reader = await readerFor(sealed, patientId)
      const mine = mayHandTo(context, device)
      // The defence of attack 7 on the patient's side: a key that only the database says is theirs is handed nothing.
      if (!to.every((key) => mine.some((each) => toB64(each.dh) === key))) throw new VaultError('NOT_VOUCHED')
      const recipients = to.map((key): Recipient => ({ kind: 'patient', id: patientId, key, epoch: 0 }))
      const granter = { sign: device.keys.sign.privateKey, keys: device.keys.public }
      const granted = await Promise.all(
        sealed.map(async (record) => {
          const { recordId, revision } = record.meta
          // What does not open here is handed on to nobody; the rest is.
          const grants = await handOnRecord(record, reader, recipients, granter).catch(refused)
          return (grants ?? []).map((grant) => ({ recordId, revision, grant }))
        }),
      )
      return granted.flat()
    },

    hashText: async (text) => toB64(await sha256(utf8(text))),
  }
}

function authorView(author: Author, signKey: RawKeys['sign'], patientId: string): Opened['author'] {
  const key = toB64(signKey)
  return author.kind === 'member'
    ? { key, kind: 'member', id: author.member.memberId, vouched: true }
    : { key, kind: 'patient', id: patientId, vouched: author.trust === 'own' || author.trust === 'vouched' }
}
