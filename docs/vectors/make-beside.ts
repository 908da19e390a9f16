/**
 * Writes beside.json: the log, a witness's word, the emergency key and card, and what a patient's devices say of each other
 * (`node docs/vectors/make-beside.ts`). It stands on chain.json, which it does not change.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { encode, rfc8949EncodeOptions } from 'cborg'
import { extendLog } from '../../lib/crypto/audit.ts'
import { backupKeys } from '../../lib/crypto/patient-backup.ts'
import { type Bytes, concat, fromB64, labelledHash, toB64, utf8 } from '../../lib/crypto/bytes.ts'
import { cardClaim, sealCard } from '../../lib/crypto/card.ts'
import { appendStatement, verifyChain } from '../../lib/crypto/chain.ts'
import { checkEmergencyKey, makeEmergencyKey, openOwnShare } from '../../lib/crypto/emergency.ts'
import { signErasure } from '../../lib/crypto/erasure.ts'
import { answerRequest, checkRequest, requestCode, sealReason, signRequest } from '../../lib/crypto/emergency-request.ts'
import { headNumber } from '../../lib/crypto/head-number.ts'
import { hpkeSeal } from '../../lib/crypto/hpke.ts'
import { importKeys, importSecret } from '../../lib/crypto/keys.ts'
import * as pairing from '../../lib/crypto/pairing.ts'
import { encodeLink, signLink } from '../../lib/crypto/patient-link.ts'
import { signHead } from '../../lib/crypto/witness.ts'

interface Person {
  signSecret: string
  dhSecret: string
  sign: string
  dh: string
}
const chains = JSON.parse(readFileSync(new URL('chain.json', import.meta.url), 'utf8')) as {
  clinicId: string
  statements: Parameters<typeof verifyChain>[1]
  people: Record<'owner' | 'desk', Person>
}
const { clinicId } = chains
const patientId = '5b1c6f0e-0000-4000-8000-000000000002'
const secret = (name: string): Promise<Bytes> => labelledHash('vector', utf8(name))
const at = '2026-11-21T10:00:00.000Z'

async function person({ signSecret, dhSecret }: Person) {
  const keys = await importKeys({ sign: fromB64(signSecret), dh: fromB64(dhSecret) })
  return { keys, signer: { key: keys.sign.privateKey, public: keys.public.sign } }
}
const [owner, desk] = await Promise.all([person(chains.people.owner), person(chains.people.desk)])

// A second officer: with one there is no emergency key.
const before = await verifyChain(clinicId, chains.statements)
const change = {
  ...{ kind: 'member-changed' as const, memberId: 'desk', roles: ['admin', 'frontdesk'] },
  groups: ['desk' as const, 'officers' as const],
}
const statements = [...chains.statements, await appendStatement(before, clinicId, change, owner.signer)]
const chain = await verifyChain(clinicId, statements)

// ── the log ──
const details = [
  ['staff', 'owner', 'chart.opened', null, patientId, [['note', 'note-1', 2]], null],
  ['system', null, 'prescription.expired', '5b1c6f0e-0000-4000-8000-000000000003', patientId, [], null],
  ['staff', 'desk', 'chart.opened', null, patientId, [], 'NOT_ALLOWED'],
] as const
const entries = []
for (const [place, what] of details.entries()) {
  const fields = [1, await secret(`salt ${place}`), clinicId, at, ...what]
  const detail = encode(fields, rfc8949EncodeOptions) as Bytes
  const leaf = await labelledHash('audit-entry', detail)
  const reader = owner.keys.public.dh
  const { enc, ct } = await hpkeSeal(reader, concat(utf8('curtain/v1/audit'), reader), leaf, detail)
  entries.push({ leaf, json: { leaf: toB64(leaf), enc: toB64(enc), ct: toB64(ct), says: what } })
}
const logHead = (await extendLog(
  null,
  0,
  entries.map(({ leaf }) => leaf),
))!

// ── the witness ──
const witnessSecret = await secret('witness')
const witness = await importSecret('Ed25519', witnessSecret)
const witnessed = (kind: 'members' | 'log', length: number, head: Bytes) =>
  signHead({ clinicId, kind, length, head, at }, witness.pair.privateKey).then((bytes) => toB64(bytes))

// ── the emergency key, a request, an answer ──
const { statement, shares } = await makeEmergencyKey(chain, { patientId, epoch: 1 }, owner.signer)
const key = await checkEmergencyKey(chain, patientId, statement)
const oneTimeSecret = await secret('one-time')
const oneTime = await importSecret('X25519', oneTimeSecret)
const place = { clinicId, patientId, requestId: 'request-1' }
const readers = [owner.keys.public.dh, desk.keys.public.dh]
const reason = await sealReason(place, 'Found unconscious.', readers)
const asked = { ...place, epoch: 1, key: key.public, recordId: null, oneTime: oneTime.public, reason: reason.hash }
const request = await signRequest(asked, { memberId: 'desk', ...desk.signer })
const checked = await checkRequest(chain, request)
const own = { memberId: 'owner', pair: owner.keys.dh, public: owner.keys.public.dh }
const ownerShare = await openOwnShare(key, shares.find((each) => each.memberId === 'owner')!, own)
const answer = await answerRequest(checked, key, ownerShare, { memberId: 'owner', ...owner.signer })

// ── an officer's answers to a wish to be forgotten ──
const wish = { clinicId, patientId, requestId: '5b1c6f0e-0000-4000-8000-000000000006', answeredAt: at }
const erased = { ...wish, state: 'erased' as const, classes: ['clinical', 'identity'], ground: '' }
const refused = { ...wish, state: 'refused' as const, classes: [], ground: 'duty' }
const answers = await Promise.all(
  [erased, refused].map(async (says) => ({ says, bytes: toB64(await signErasure(chain, says, owner.signer)) })),
)

// ── an emergency card ──
const cardId = '5b1c6f0e-0000-4000-8000-000000000005'
const content = { allergies: 'penicillin', medicines: [{ drug: 'ramipril', dose: '5 mg' }] }
const card = await sealCard(cardId, content)

// ── a patient's devices ──
const device = async (name: string) => {
  const secrets = { sign: await secret(`${name} sign`), dh: await secret(`${name} dh`) }
  return importKeys(secrets)
}
const [first, phone] = await Promise.all([device('patient'), device('phone')])
const link = { clinicId, patientId, from: first.public, to: phone.public }
const halves = {
  from: await signLink(link, first.sign.privateKey),
  to: await signLink(link, phone.sign.privateKey),
}
const backupSecret = await secret('backup')
const backup = await backupKeys(backupSecret)
const pairSecret = (await secret('pair')).slice(0, 16)
const channel = await pairing.openChannel(pairSecret)
const reveals = [
  { role: 'own' as const, keys: first.public, random: await secret('pair own') },
  { role: 'new' as const, keys: phone.public, random: await secret('pair new') },
]
const commitment = await pairing.commitToPair(channel.relay, reveals[1]!)
const messages = [
  await pairing.sealMessage(channel, 1, [commitment]),
  await pairing.sealMessage(channel, 2, pairing.revealFields(reveals[0]!)),
  await pairing.sealMessage(channel, 3, pairing.revealFields(reveals[1]!)),
]
const transcript = await pairing.pairTranscript(channel.relay, commitment, reveals)
const links = [['5b1c6f0e-0000-4000-8000-000000000003', 'a link secret']]
// The first device's word, for the phone alone.
messages.push(
  await pairing.sealToOther(channel, transcript, { seq: 4, to: phone.public.dh }, [
    ...[clinicId, patientId, chain.rootFingerprint, halves.from],
    ...[links, null],
  ]),
)

const vectors = {
  clinicId,
  patientId,
  statements,
  headNumber: await headNumber(chain.hashes.length, chain.head),
  log: { reader: 'owner', head: toB64(logHead), entries: entries.map(({ json }) => json) },
  witness: {
    public: toB64(witness.public),
    at,
    members: await witnessed('members', chain.hashes.length, chain.head),
    log: await witnessed('log', entries.length, logHead),
  },
  emergency: {
    statement: toB64(statement),
    shares,
    oneTimeSecret: toB64(oneTimeSecret),
    request: toB64(request),
    code: requestCode(checked.hash),
    answer: toB64(answer),
    reason: toB64(reason.reason),
    text: 'Found unconscious.',
  },
  card: {
    cardId,
    secret: toB64(card.secret),
    sealed: toB64(card.sealed),
    claim: toB64(await cardClaim(card.secret, cardId)),
    content,
  },
  erasure: answers,
  link: toB64(encodeLink(link, halves)),
  linked: [toB64(first.public.sign), toB64(phone.public.sign)],
  backup: { secret: toB64(backupSecret), keyId: backup.keyId, sign: toB64(backup.keys.public.sign) },
  pairing: {
    secret: toB64(pairSecret),
    relay: channel.relay,
    messages: messages.map((each) => toB64(each)),
    phone: toB64(await secret('phone dh')),
    appointments: links,
    code: (await pairing.pairCode(transcript)).replace(' ', ''),
  },
}
writeFileSync(new URL('beside.json', import.meta.url), `${JSON.stringify(vectors, null, 1)}\n`)
