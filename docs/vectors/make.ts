/**
 * Writes the test vectors beside it: `node docs/vectors/make.ts`. Keys are fixed; what is random (DEKs, nonces, HPKE's ephemeral
 * keys) differs from run to run, so make them anew only when the format changes.
 */
import { writeFileSync } from 'node:fs'
import { type Bytes, fromB64, labelledHash, sha256, toB64, utf8 } from '../../lib/crypto/bytes.ts'
import { appendStatement, type Chain, verifyChain } from '../../lib/crypto/chain.ts'
import type { Entry } from '../../lib/crypto/chain-statement.ts'
import { deviceCode } from '../../lib/crypto/device-code.ts'
import { openBody, sealBody, verifyEnvelope, type Header } from '../../lib/crypto/envelope.ts'
import { sealEpoch } from '../../lib/crypto/epoch.ts'
import { openGrant } from '../../lib/crypto/grant.ts'
import { claimOf, macNewcomer } from '../../lib/crypto/invitation.ts'
import { importKeys, importSecret, wrapAccount, wrapFurther } from '../../lib/crypto/keys.ts'
import { vouchForPatient } from '../../lib/crypto/patient-vouch.ts'
import { approveRekey, readApproval, rekeyFingerprint } from '../../lib/crypto/rekey.ts'
import { sealRecord } from '../../lib/crypto/record.ts'
import * as sas from '../../lib/crypto/sas.ts'
import { sealShare } from '../../lib/crypto/share.ts'
import type { ChainStatement, Group, Recipient } from '../../lib/crypto/types.ts'

const clinicId = '5b1c6f0e-0000-4000-8000-000000000001'
const patientId = '5b1c6f0e-0000-4000-8000-000000000002'
const locumId = '5b1c6f0e-0000-4000-8000-000000000004'
const locumGroup: Group = `clinical:${locumId}`
const rxId = '5b1c6f0e-0000-4000-8000-000000000003'

/** A fixed 32-byte secret of this name. */
const secret = (name: string): Promise<Bytes> => labelledHash('vector', utf8(name))
async function person(name: string) {
  const secrets = { sign: await secret(`${name} sign`), dh: await secret(`${name} dh`) }
  const keys = await importKeys(secrets)
  const json = {
    signSecret: toB64(secrets.sign),
    dhSecret: toB64(secrets.dh),
    sign: toB64(keys.public.sign),
    dh: toB64(keys.public.dh),
  }
  return { secrets, keys, json, signer: { key: keys.sign.privateKey, public: keys.public.sign } }
}
const save = (name: string, value: unknown) =>
  writeFileSync(new URL(`${name}.json`, import.meta.url), `${JSON.stringify(value, null, 1)}\n`)

const [owner, desk, former, patient, phone, locum] = await Promise.all(
  ['owner', 'desk', 'former', 'patient', 'phone', 'locum'].map(person),
)
if (!owner || !desk || !former || !patient || !phone || !locum) throw new Error('no people')
const rootSecret = await secret('root')
const root = await importSecret('Ed25519', rootSecret)
const rootSigner = { key: root.pair.privateKey, public: root.public }
const epochs = await Promise.all(
  ['desk 1', 'clinical 1', 'desk 2', 'officers 1', 'scope 1'].map(async (name) => {
    const scalar = await secret(`epoch ${name}`)
    return { scalar, public: (await importSecret('X25519', scalar)).public }
  }),
)

const statements: ChainStatement[] = []
let chain: Chain | null = null
async function say(entry: Entry, signer: typeof rootSigner) {
  statements.push(await appendStatement(chain, clinicId, entry, signer))
  chain = await verifyChain(clinicId, statements)
}
const added = (memberId: string, who: typeof owner, roles: string[], groups: Group[]): Entry => ({
  kind: 'member-added',
  memberId,
  keys: who!.keys.public,
  roles,
  groups,
})
await say({ kind: 'genesis', root: root.public }, rootSigner)
await say(added('owner', owner, ['admin', 'practitioner'], ['desk', 'clinical', 'officers']), rootSigner)
await say({ kind: 'epoch', group: 'desk', epoch: 1, key: epochs[0]!.public }, owner.signer)
await say({ kind: 'epoch', group: 'clinical', epoch: 1, key: epochs[1]!.public }, owner.signer)
await say({ kind: 'epoch', group: 'officers', epoch: 1, key: epochs[3]!.public }, owner.signer)
await say(added('former', former, ['frontdesk'], ['desk']), owner.signer)
await say(added('desk', desk, ['frontdesk'], ['desk']), owner.signer)
await say({ kind: 'member-changed', memberId: 'desk', roles: ['admin', 'frontdesk'], groups: ['desk', 'officers'] }, owner.signer)
await say({ kind: 'member-removed', memberId: 'former' }, owner.signer)
await say({ kind: 'epoch', group: 'desk', epoch: 2, key: epochs[2]!.public }, desk.signer)
// Who sees their own patients only, and then no role taken from the desk's officer: the officers' key is due again.
await say(added(locumId, locum, ['practitioner'], [locumGroup]), owner.signer)
await say({ kind: 'epoch', group: locumGroup, epoch: 1, key: epochs[4]!.public }, owner.signer)
await say({ kind: 'member-changed', memberId: 'desk', roles: ['frontdesk'], groups: ['desk'] }, owner.signer)
const whole = chain! as Chain
save('chain', {
  clinicId,
  rootSecret: toB64(rootSecret),
  rootFingerprint: toB64(whole.rootFingerprint),
  head: toB64(whole.head),
  hashes: whole.hashes,
  statements,
  members: whole.members.map(({ memberId, roles, groups, since, until }) => ({
    memberId,
    roles,
    groups,
    since,
    until,
  })),
  people: { owner: owner.json, desk: desk.json, former: former.json, locum: locum.json },
})
save('epochs', {
  clinicId,
  secrets: epochs.map((epoch) => ({ secret: toB64(epoch.scalar), public: toB64(epoch.public) })),
  grants: [
    { opener: 'owner', ...(await sealEpoch(clinicId, whole.epochs[0]!, epochs[0]!.scalar, owner.keys.public.dh)) },
    { opener: 'owner', ...(await sealEpoch(clinicId, whole.epochs[1]!, epochs[1]!.scalar, owner.keys.public.dh)) },
    { opener: 'desk', ...(await sealEpoch(clinicId, whole.epochs[3]!, epochs[2]!.scalar, desk.keys.public.dh)) },
    { opener: 'owner', ...(await sealEpoch(clinicId, whole.epochs[2]!, epochs[3]!.scalar, owner.keys.public.dh)) },
    { opener: 'locum', ...(await sealEpoch(clinicId, whole.epochs[4]!, epochs[4]!.scalar, locum.keys.public.dh)) },
    // A scope's epoch, to that of its clinic-wide group.
    {
      opener: 'clinical epoch 1',
      ...(await sealEpoch(clinicId, whole.epochs[4]!, epochs[4]!.scalar, epochs[1]!.public)),
    },
    // The earlier epoch, to the later one's key.
    { opener: 'desk epoch 2', ...(await sealEpoch(clinicId, whole.epochs[0]!, epochs[0]!.scalar, epochs[2]!.public)) },
  ],
})

// Who lost passphrase and kit, and is given new keys by an officer and, a day later, another.
{
  const [manager, lost, anew] = await Promise.all(['manager', 'lost', 'anew'].map(person))
  const told: ChainStatement[] = []
  let known: Chain | null = null
  const tell = async (entry: Entry, signer: typeof rootSigner) => {
    told.push(await appendStatement(known, clinicId, entry, signer))
    known = await verifyChain(clinicId, told)
    return known
  }
  await tell({ kind: 'genesis', root: root.public }, rootSigner)
  await tell(added('owner', owner, ['admin', 'practitioner'], ['desk', 'clinical', 'officers']), rootSigner)
  await tell(added('manager', manager!, ['admin'], ['desk', 'officers']), owner.signer)
  const before = await tell(added('lost', lost!, ['practitioner'], ['clinical', 'desk']), owner.signer)
  const to = { memberId: 'lost', keys: anew!.keys.public }
  const bytes = await approveRekey(before, to, 1_800_000_000, manager!.signer)
  const approval = await readApproval(clinicId, to, bytes)
  const after = await tell({ kind: 'member-rekeyed', ...to, at: 1_800_086_400, approval }, owner.signer)
  save('rekey', {
    clinicId,
    rootFingerprint: toB64(after.rootFingerprint),
    fingerprint: toB64(await rekeyFingerprint(clinicId, after.rootFingerprint, to)),
    approval: toB64(bytes),
    hashes: after.hashes,
    statements: told,
    members: after.members.map(({ memberId, keys, since, until }) => ({
      ...{ memberId, sign: toB64(keys.sign), dh: toB64(keys.dh), since, until },
    })),
  })
}

const toClinical: Recipient = { kind: 'group', id: 'clinical', key: toB64(epochs[1]!.public), epoch: 1 }
const toDesk: Recipient = { kind: 'group', id: 'desk', key: toB64(epochs[2]!.public), epoch: 2 }
const toScope: Recipient = { kind: 'group', id: locumGroup, key: toB64(epochs[4]!.public), epoch: 1 }
const toOwner: Recipient = { kind: 'member', id: 'owner', key: owner.json.dh, epoch: 0 }
const toPatient: Recipient = { kind: 'patient', id: patientId, key: patient.json.dh, epoch: 0 }
const base = { clinicId, patientId, chainHead: whole.head, schema: 1 }
const first = { revision: 1, previous: null }
const author = { sign: owner.keys.sign.privateKey, keys: owner.keys.public }
const self = { sign: patient.keys.sign.privateKey, keys: patient.keys.public }
const note = {
  text: 'Rest, tea, and a call if the fever is not gone on Friday.',
  temperature: 38.5,
  days: 3,
  tags: ['fever', 'flu'],
}
const noteSealed = await sealRecord(
  { ...base, ...first, type: 'note', recordId: 'note-1', managing: 'clinical' },
  note,
  [toClinical, toPatient],
  author,
)
const { hash } = await verifyEnvelope({
  header: fromB64(noteSealed.header),
  commit: fromB64(noteSealed.commit),
  ciphertext: fromB64(noteSealed.ciphertext),
  signature: fromB64(noteSealed.signature),
})
const second = await sealRecord(
  { ...base, revision: 2, previous: hash, type: 'note', recordId: 'note-1', managing: 'clinical' },
  { ...note, days: 5 },
  [toClinical, toPatient],
  author,
)
const identity = { name: 'Zoë Ångström', birthDate: '1990-02-28', email: 'zoe@example.org', phone: null }
const identitySealed = await sealRecord(
  { ...base, ...first, type: 'identity', recordId: 'identity-1', managing: 'desk' },
  identity,
  [toDesk, toClinical, toPatient],
  self,
)
const locumNote = { text: 'Seen by the locum alone.' }
const locumSealed = await sealRecord(
  { ...base, ...first, type: 'note', recordId: 'note-2', managing: locumGroup },
  locumNote,
  [toClinical, toScope],
  { sign: locum.keys.sign.privateKey, keys: locum.keys.public },
)
// The officers wait for their next epoch; a group that does is granted to by its members' own keys.
const waiting = await sealRecord(
  { ...base, ...first, type: 'reason', recordId: 'reason-1', managing: 'clinical' },
  { reason: 'A cough.' },
  [toOwner, toPatient],
  self,
)
const readers = {
  clinical: { secret: toB64(epochs[1]!.scalar), public: toB64(epochs[1]!.public) },
  desk: { secret: toB64(epochs[2]!.scalar), public: toB64(epochs[2]!.public) },
  patient: { secret: patient.json.dhSecret, public: patient.json.dh },
  scope: { secret: toB64(epochs[4]!.scalar), public: toB64(epochs[4]!.public) },
  owner: { secret: owner.json.dhSecret, public: owner.json.dh },
}
const withHash = async (sealed: typeof noteSealed, content: unknown) => {
  const envelope = {
    header: fromB64(sealed.header),
    commit: fromB64(sealed.commit),
    ciphertext: fromB64(sealed.ciphertext),
    signature: fromB64(sealed.signature),
  }
  const { hash: recordHash } = await verifyEnvelope(envelope)
  const context = { hash: recordHash, commit: envelope.commit }
  const toReader = sealed.grants.find((grant) => grant.recipient.kind === 'patient') ?? sealed.grants[0]!
  const held =
    toReader.recipient.kind === 'patient' ? patient!.keys.dh : (await importSecret('X25519', epochs[1]!.scalar)).pair
  const dek = await openGrant(toReader, context, held)
  await openBody(envelope, dek)
  return { recordHash: toB64(recordHash), dek: toB64(dek), content, sealed }
}
save('records', {
  readers,
  patient: patient.json,
  records: [
    await withHash(noteSealed, note),
    await withHash(second, { ...note, days: 5 }),
    await withHash(identitySealed, identity),
    await withHash(locumSealed, locumNote),
    await withHash(waiting, { reason: 'A cough.' }),
  ],
})

/** Byte i of a file's body is i·31 + (i >> 8), modulo 256. */
const pattern = (length: number) => new Uint8Array(length).map((_, i) => i * 31 + (i >> 8))
const files = []
for (const length of [0, 16, 65536, 65541]) {
  const header: Header = {
    ...base,
    ...first,
    type: 'draft',
    recordId: `file-${length}`,
    managing: 'clinical',
    author: owner.keys.public,
  }
  const sealed = await sealBody(header, pattern(length), owner.keys.sign.privateKey)
  const envelope = Object.fromEntries(Object.entries(sealed.envelope).map(([name, bytes]) => [name, toB64(bytes)]))
  files.push({
    length,
    bodyHash: toB64(await sha256(pattern(length))),
    dek: toB64(sealed.dek),
    recordHash: toB64(sealed.hash),
    ...envelope,
  })
}
save('bodies', { note: 'Byte i of a body is i*31 + (i >> 8), modulo 256.', bodies: files })

const exportKey = new Uint8Array([...(await secret('export key 1')), ...(await secret('export key 2'))])
const pin = { rootFingerprint: whole.rootFingerprint, length: whole.hashes.length, head: whole.head }
const invitationSecret = await secret('invitation')
const kitEntropy = await secret('kit')
const newcomer = {
  clinicId,
  invitationId: 'invitation-1',
  memberId: 'desk',
  rootFingerprint: whole.rootFingerprint,
  keys: desk.keys.public,
  roles: ['frontdesk'],
  groups: ['desk' as const],
}
save('accounts', {
  clinicId,
  memberId: 'owner',
  exportKey: toB64(exportKey),
  wrapped: toB64(
    await wrapAccount(exportKey, { clinicId, memberId: 'owner' }, { ...owner.secrets, root: rootSecret }, pin),
  ),
  secrets: { sign: owner.json.signSecret, dh: owner.json.dhSecret, root: toB64(rootSecret) },
  kit: {
    wrapId: 'kit-1',
    entropy: toB64(kitEntropy),
    wrapped: toB64(
      await wrapFurther(
        kitEntropy,
        { clinicId, memberId: 'owner', kind: 'kit', wrapId: 'kit-1' },
        { ...owner.secrets, root: rootSecret },
      ),
    ),
  },
  pin: { rootFingerprint: toB64(pin.rootFingerprint), length: pin.length, head: toB64(pin.head) },
  invitation: {
    secret: toB64(invitationSecret),
    invitationId: 'invitation-1',
    memberId: 'desk',
    roles: newcomer.roles,
    groups: newcomer.groups,
    mac: toB64(await macNewcomer(invitationSecret, newcomer)),
    claim: toB64(await claimOf(invitationSecret, 'invitation-1')),
  },
  vouch: {
    patientId,
    keys: { sign: phone.json.sign, dh: phone.json.dh },
    first: { sign: patient.json.sign, dh: patient.json.dh },
    reason: 'document',
    code: await deviceCode(whole, patientId, phone.keys.public),
    bytes: toB64(
      await vouchForPatient(
        whole,
        { clinicId, patientId, keys: phone.keys.public, first: patient.keys.public, reason: 'document' },
        owner.signer,
      ),
    ),
  },
})

const prescription = { items: [{ drug: 'amoxicillin', dose: '500 mg', times: 3, days: 7 }], repeats: 0 }
const issued = {
  rxId,
  memberId: 'owner',
  prescriberName: 'Dr Ada Lovelace',
  issuedAt: '2026-11-21T10:00:00.000Z',
  prescription,
}
const share = await sealShare(issued, { chain: whole, statements }, owner.signer)
save('shares', {
  ...issued,
  rootFingerprint: toB64(whole.rootFingerprint),
  secret: toB64(share.secret),
  share: toB64(share.share),
})

const callId = 'call-1'
const ephemeral = async (role: sas.CallRole) => {
  const scalar = await secret(`ephemeral ${role}`)
  const { pair, public: raw } = await importSecret('X25519', scalar)
  const reveal: sas.Reveal = { role, callId, ephemeral: raw, random: await secret(`random ${role}`) }
  const who = role === 'patient' ? patient : owner
  const party: sas.Party = { role, ephemeral: raw, keys: who.keys.public, commitment: await sas.commitTo(reveal) }
  const json = {
    role,
    ephemeralSecret: toB64(scalar),
    ephemeral: toB64(raw),
    random: toB64(reveal.random),
    commitment: toB64(party.commitment),
  }
  return { pair, party, json: { ...json, sign: who.json.sign, dh: who.json.dh } }
}
const parties = [await ephemeral('patient'), await ephemeral('practitioner')] as const
const transcript = await sas.transcript(
  callId,
  whole.head,
  parties.map(({ party }) => party),
)
const senderKey = await secret('sender key')
const to = { callId, epoch: 1, recipient: parties[1].party.ephemeral, transcript }
const message = await sas.sealSenderKey(senderKey.slice(), to, patient.signer)
const roster = { callId, epoch: 1, transcript, parties: parties.map(({ party }) => party) }
const scope = { epoch: 1, generation: 2, source: 'camera', transform: (await secret('transform')).slice(0, 8) }
save('calls', {
  callId,
  chainHead: toB64(whole.head),
  parties: parties.map(({ json }) => json),
  transcript: toB64(transcript),
  safetyCode: await sas.safetyCode(transcript),
  roster: { epoch: 1, signature: toB64(await sas.signRoster(owner.keys.sign.privateKey, roster)) },
  senderKey: {
    epoch: 1,
    sender: 'patient',
    recipient: 'practitioner',
    key: toB64(senderKey),
    enc: toB64(message.box.enc),
    ct: toB64(message.box.ct),
    signature: toB64(message.signature),
  },
  frame: { ...scope, transform: toB64(scope.transform), ...(await sealedFrame()) },
})

/** A frame key cannot be exported; what it seals shows which it is. */
async function sealedFrame() {
  const { frameKey, importSenderKey } = await import('../../lib/crypto/frame-key.ts')
  const key = await frameKey(await importSenderKey(senderKey.slice()), scope, 'encrypt')
  const plaintext = utf8('a frame')
  const ct = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, plaintext)
  return { plaintext: 'a frame', nonce: toB64(new Uint8Array(12)), sealed: toB64(new Uint8Array(ct)) }
}
