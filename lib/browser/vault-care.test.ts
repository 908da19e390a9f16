// Who helps a patient: what the patient's, the helper's and the clinic's browsers make of what was signed, and of a server that
// says otherwise.
import { expect, test, vi } from 'vitest'
import { fromB64, random, toB64 } from '../crypto/bytes.ts'
import { type Cbor, decodeArray, encode } from '../crypto/cbor.ts'
import { encodeCare, signCare, signCareEnding } from '../crypto/care.ts'
import { verifyChain } from '../crypto/chain.ts'
import { encodeLink, signLink } from '../crypto/patient-link.ts'
import { groupRecipients } from '../crypto/recipients.ts'
import { sealRecord } from '../crypto/record.ts'
import { newKeys } from '../crypto/testing.ts'
import type { Recipient, Sealed } from '../crypto/types.ts'
import type { Vault } from './vault-api.ts'
import type { CareRowInput, CareTermsInput } from './vault-care-api.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage, type VaultStorage } from './vault-storage.ts'
import { clinic, codeOf, input, type PatientDevice, patientOf, sealAs, signIn } from './vault-world.ts'

const world = await clinic()
const { clinicId } = world
const now = () => new Date().toISOString()
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
const dayIn = (days: number) => inDays(days).slice(0, 10)

const son: CareTermsInput = {
  ...{ role: 'carer', relation: 'son', name: 'Noel Lind' },
  end: { kind: 'date', on: dayIn(30) },
}
const mother: CareTermsInput = {
  ...{ role: 'guardian', relation: 'mother', name: 'Rosa Quill' },
  end: { kind: 'age', age: 18, on: dayIn(400) },
}
const placeOf = ({ patientId }: PatientDevice['handle']) => ({ clinicId, patientId })

async function patient() {
  const own = await patientOf(world)
  const identity = await sealAs(own, 'identity', { name: 'Vera Lind' })
  return { own, identity }
}

/** Somebody's browser joins, over an honest relay, the person saying yes on both sides. */
async function letIn(own: PatientDevice, terms: CareTermsInput, storage: VaultStorage = memoryStorage()) {
  const vault = createVault(storage)
  await vault.loadChain(world.chain, world.rootFingerprint)
  const secret = await own.vault.newPairSecret()
  const { patientId } = own.handle
  const first = await own.vault.pairShow({ secret, role: 'own', patientId })
  const { relay } = first
  const second = await vault.pairRead({ secret, role: 'new', body: first.body })
  const third = await own.vault.pairReveal({ relay, body: second.body })
  await vault.pairSee({ relay, body: third.body })
  const fourth = await own.vault.pairVouch({ relay, care: terms })
  const fifth = await vault.pairAccept({ relay, body: fourth.body, name: 'Firefox' })
  const filed = await own.vault.pairFinish({ relay, body: fifth.body })
  await vault.pairEnd({ relay, body: (await own.vault.pairDone({ relay })).body })
  const kept = await vault.pairKeep({ relay })
  const { careId, statement, role, until } = filed.care!
  const record = await sealAs(own, 'care', { careId, statement })
  const row: CareRowInput = { careId, keys: filed.keys, role, until, endedAt: null, ending: null }
  return { device: { vault, handle: kept.patient }, filed, record, row, terms: kept.terms }
}

/** A practitioner's browser that has the patient's name and what it was shown of who helps. */
async function shown(own: PatientDevice, records: Sealed[], rows: CareRowInput[], vault?: Vault, at = now()) {
  const staff = vault ?? (await world.join(['practitioner'])).vault
  const { patientId } = own.handle
  await staff.loadPatientKeys({ clinicId, patientId, keys: [{ keys: own.handle.keys }] })
  const [identity, ...care] = records
  await staff.open([identity!], { patientId })
  const views = await staff.loadCare({ clinicId, patientId, records: care, rows, now: at })
  return { staff, views, states: views.map(({ state }) => state) }
}
const noteFor = (staff: Vault, { handle }: PatientDevice, keys: string[]) =>
  staff.seal(input(handle, 'note', { shared: true, text: 'Rest.' }, keys))

test('a son is let in: both sides name the same terms, he reads and signs, and the clinic sees whose word it is', async () => {
  const { own, identity } = await patient()
  const { device, filed, record, row, terms } = await letIn(own, son)
  expect(terms).toMatchObject({ relation: 'son', name: 'Noel Lind', end: son.end })
  expect(device.handle.helps).toBe('carer')
  const { patientId } = own.handle
  const [granted] = await own.vault.handOn({ patientId, records: [record], to: [filed.keys.dh] })
  const mine = { ...record, grants: [granted!.grant] }
  const here = { clinicId, patientId, asPatient: patientId, rows: [row], now: now() }
  expect(await device.vault.loadCare({ ...here, records: [mine] })).toMatchObject([{ state: 'holds', mine: true }])
  const { staff, views } = await shown(own, [identity, record], [row])
  expect(views).toMatchObject([
    { state: 'holds', name: 'Noel Lind', relation: 'son', role: 'carer', vouched: false, ofItself: false },
  ])
  const note = await noteFor(staff, own, [own.handle.keys.dh, filed.keys.dh])
  await device.vault.loadChain(world.chain, world.rootFingerprint)
  const [read] = await device.vault.open([note], { asPatient: patientId, patientId })
  expect(read).toMatchObject({ ok: true, value: { content: { text: 'Rest.' } } })
  // What he hands in is his word for her, in the clinic's browser and in hers.
  const reason = await sealAs(device, 'reason', { reason: 'a fall' })
  const helper = { name: 'Noel Lind', relation: 'son', state: 'holds' }
  const [seen] = await staff.open([reason], { patientId })
  expect(seen).toMatchObject({ ok: true, value: { author: { kind: 'patient', helper } } })
  await own.vault.loadChain(world.chain, world.rootFingerprint)
  await own.vault.loadCare({ ...here, records: [record] })
  const grants = await device.vault.handOn({ patientId, records: [reason], to: [own.handle.keys.dh] })
  const handed = { ...reason, grants: grants.map(({ grant }) => grant) }
  const [hers] = await own.vault.open([handed], { asPatient: patientId, patientId })
  expect(hers).toMatchObject({ ok: true, value: { author: { helper, vouched: true } } })
})

// Defences: isOver in stateOf, asked by recipientsOf through mayReadAsHelper; the later of two clocks in nowOf.
test('attack 15: nothing new is sealed for a helper whose day has come, by whichever clock is ahead', async () => {
  const { own, identity } = await patient()
  const { filed, record, row } = await letIn(own, son)
  const { staff, states } = await shown(own, [identity, record], [row])
  expect(states).toEqual(['holds'])
  await noteFor(staff, own, [filed.keys.dh])
  const later = await shown(own, [identity, record], [row], staff, inDays(31))
  expect(later.states).toEqual(['over'])
  expect(await codeOf(noteFor(staff, own, [filed.keys.dh]))).toBe('NOT_VOUCHED')
  // A server that turns its clock back prolongs nothing, nor does one that does so from the beginning.
  const back = await shown(own, [identity, record], [row], staff, inDays(0))
  expect(back.states).toEqual(['over'])
  const today = now()
  const other = (await world.join(['practitioner'])).vault
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31 * 86_400_000 })
  try {
    expect((await shown(own, [identity, record], [row], other, today)).states).toEqual(['over'])
  } finally {
    vi.useRealTimers()
  }
})

// Defence: isAsSigned; and the signatures in checkCare.
test('attack 7: an end that the database moved, a role it raised or a key it put there is refused', async () => {
  const { own, identity } = await patient()
  const { filed, record, row } = await letIn(own, son)
  const stranger = (await newKeys()).public
  const keys = { sign: toB64(stranger.sign), dh: toB64(stranger.dh) }
  const staff = (await world.join(['practitioner'])).vault
  for (const moved of [{ until: inDays(900) }, { until: null }, { role: 'guardian' as const }, { keys }]) {
    const { states } = await shown(own, [identity, record], [{ ...row, ...moved }], staff)
    expect(states).toEqual(['altered'])
    expect(await codeOf(noteFor(staff, own, [filed.keys.dh]))).toBe('NOT_VOUCHED')
    expect(await codeOf(noteFor(staff, own, [keys.dh]))).toBe('NOT_VOUCHED')
  }
  // Sooner than was signed, the server may: it shuts, and opens nothing.
  expect((await shown(own, [identity, record], [{ ...row, until: inDays(3) }], staff)).states).toEqual(['holds'])
  expect((await shown(own, [identity, record], [{ ...row, until: inDays(-1) }], staff)).states).toEqual(['ended'])
  expect(await codeOf(noteFor(staff, own, [filed.keys.dh]))).toBe('NOT_VOUCHED')
  const bytes = fromB64(filed.care!.statement)
  bytes[bytes.length - 200]! ^= 1
  const forged = await sealAs(own, 'care', { careId: row.careId, statement: toB64(bytes) })
  expect((await shown(own, [identity, forged], [row])).views).toEqual([])
})

// Defences: the comparison of both in checkCare, and behind it the signature, which is over them.
test('attack 8: what was signed of one patient lets nobody into another', async () => {
  const [one, two] = [await patient(), await patient()]
  const { filed, row } = await letIn(one.own, son)
  const { careId, statement } = filed.care!
  const moved = await sealAs(two.own, 'care', { careId, statement })
  const { staff, views } = await shown(two.own, [two.identity, moved], [row])
  expect(views).toEqual([])
  expect(await codeOf(noteFor(staff, two.own, [filed.keys.dh]))).toBe('NOT_VOUCHED')
})

// Defence: the line on the cache in loadCare.
test('what was opened before it ended is shown anew with what its author is now', async () => {
  const { own, identity } = await patient()
  const { device, record, row } = await letIn(own, son)
  const { staff } = await shown(own, [identity, record], [row])
  await staff.cacheFor(600)
  const { patientId } = own.handle
  await device.vault.loadChain(world.chain, world.rootFingerprint)
  const reason = await sealAs(device, 'reason', { reason: 'a fall' })
  const seen = () => staff.open([reason], { patientId })
  expect(await seen()).toMatchObject([{ value: { author: { helper: { state: 'holds' } } } }])
  await shown(own, [identity, record], [{ ...row, endedAt: now() }], staff)
  expect(await seen()).toMatchObject([{ value: { author: { helper: { state: 'ended' } } } }])
})

// Defence: what `keep` remembers of endings in loadCare.
test('attack 11: a link that was ended is shown again by the server, in vain where the word that ended it was seen', async () => {
  const { own, identity } = await patient()
  const { filed, record, row } = await letIn(own, son)
  const { patientId } = own.handle
  const { ending } = await own.vault.endCare({ patientId, careId: row.careId })
  const member = await world.join(['practitioner'])
  const ended = await shown(own, [identity, record], [{ ...row, endedAt: now(), ending }], member.vault)
  expect(ended.states).toEqual(['ended'])
  const again = await shown(own, [identity, record], [row], member.vault)
  expect(again.states).toEqual(['ended'])
  expect(await codeOf(noteFor(member.vault, own, [filed.keys.dh]))).toBe('NOT_VOUCHED')
  // Nor does the patient's own device hand anything on.
  expect(await codeOf(own.vault.handOn({ patientId, records: [identity], to: [filed.keys.dh] }))).toBe('NOT_VOUCHED')
  // A row that says so without anybody's word shuts too: the key was taken off as a device.
  expect((await shown(own, [identity, record], [{ ...row, endedAt: now() }])).states).toEqual(['ended'])
  // Whoever never saw it believes the server: docs/threat-model.md says so.
  expect((await shown(own, [identity, record], [row])).states).toEqual(['holds'])
})

test('attack 11: a browser that was closed in between remembers the ending', async () => {
  const { own, identity } = await patient()
  const { record, row } = await letIn(own, son)
  const storage = memoryStorage()
  const member = await world.join(['practitioner'], storage)
  const { ending } = await own.vault.endCare({ patientId: own.handle.patientId, careId: row.careId })
  await shown(own, [identity, record], [{ ...row, endedAt: now(), ending }], member.vault)
  const reopened = createVault(storage)
  await signIn(world, member, { vault: reopened })
  expect((await shown(own, [identity, record], [row], reopened)).states).toEqual(['ended'])
})

test('who is shut out by the server knows from their own browser as what they helped, without a list of members', async () => {
  const { own } = await patient()
  const storage = { ...memoryStorage(), home: 'stored' as const }
  const { patientId } = own.handle
  await letIn(own, son, storage)
  const here = { clinicId, patientId, asPatient: patientId, records: [], rows: [] }
  const [view] = await createVault(storage).loadCare({ ...here, now: now() })
  expect(view).toMatchObject({ mine: true, relation: 'son', end: son.end })
  const [later] = await createVault(storage).loadCare({ ...here, now: inDays(31) })
  expect(later).toMatchObject({ mine: true, state: 'over' })
  // Forgotten, nothing of it is left in the browser's storage.
  await createVault(storage).forget(patientId)
  for (const kind of ['patient:', 'appointment:', 'care:']) expect(await storage.keys(kind)).toEqual([])
})

// Defence: mayEnd.
test('nobody ends somebody’s help but the patient, who let them in, and the helper', async () => {
  const { own, identity } = await patient()
  const { device, record, row } = await letIn(own, son)
  const stranger = await patientOf(world, own.handle.patientId)
  await stranger.vault.loadCare({
    ...placeOf(own.handle),
    ...{ asPatient: own.handle.patientId, records: [], rows: [], now: now() },
  })
  expect(await codeOf(stranger.vault.endCare({ patientId: own.handle.patientId, careId: row.careId }))).toBe('NO_KEY')
  const keys = await newKeys()
  const said = { ...placeOf(own.handle), careId: row.careId, endedAt: now(), signer: keys.public.sign }
  const theirs = toB64(await signCareEnding(said, keys.sign.privateKey))
  expect((await shown(own, [identity, record], [{ ...row, ending: theirs }])).states).toEqual(['holds'])
  // Defence: the signature in checkCareEnding(). In the patient's name, and by a stranger's hand.
  const inTheirs = { ...said, signer: fromB64(own.handle.keys.sign) }
  const forged = toB64(await signCareEnding(inTheirs, keys.sign.privateKey))
  expect((await shown(own, [identity, record], [{ ...row, ending: forged }])).states).toEqual(['holds'])
  const { ending } = await device.vault.endCare({ patientId: own.handle.patientId, careId: row.careId })
  expect((await shown(own, [identity, record], [{ ...row, ending }])).states).toEqual(['ended'])
})

// Defences: both signatures in checkCare(). Without the first anybody lets themselves in, without the other anybody is named unasked.
test('attack 7: what one side alone signed lets nobody in', async () => {
  const { own, identity } = await patient()
  const { record, row, filed } = await letIn(own, son)
  expect((await shown(own, [identity, record], [row])).states).toEqual(['holds'])
  const fields = decodeArray(fromB64(filed.care!.statement), 17) as Cbor[]
  // The last two: who lets in, who helps.
  for (const half of [15, 16]) {
    const altered = fields.with(half, random(64))
    const forged = await sealAs(own, 'care', { careId: row.careId, statement: toB64(encode(altered)) })
    expect((await shown(own, [identity, forged], [row])).states).toEqual([])
  }
})

// Defences: the last lines of readTerms(). A guardian lets others in: for good, or for an adult, that would have no end.
test('attack 15: a guardian for good, until a date of their choice, or of an adult is none, whoever signed it', async () => {
  for (const end of [
    { kind: 'open' },
    { kind: 'date', on: dayIn(30) },
    { kind: 'age', age: 19, on: dayIn(400) },
  ] as const) {
    const { own, identity } = await patient()
    const { patientId, keys } = own.handle
    const said = await own.vault.careOfItself({ patientId, terms: { ...mother, end } })
    const record = await sealAs(own, 'care', { careId: said.careId, statement: said.statement })
    const row: CareRowInput = {
      ...{ careId: said.careId, keys, role: 'guardian', until: said.until, endedAt: null, ending: null },
    }
    expect((await shown(own, [identity, record], [row])).states).toEqual([])
  }
})

// Defence: `trust === 'vouched'` in mayReadAsHelper.
test('attack 7: beside a key that a member vouched for, whom a key met first let in is granted nothing', async () => {
  const { own, identity } = await patient()
  const { filed, record, row } = await letIn(own, son)
  const { staff, states } = await shown(own, [identity, record], [row])
  expect(states).toEqual(['holds'])
  await noteFor(staff, own, [filed.keys.dh])
  const { patientId } = own.handle
  const known = await patientOf(world, patientId)
  await staff.vouchPatient({ clinicId, patientId, keys: known.handle.keys, reason: 'call' })
  expect(await codeOf(noteFor(staff, own, [filed.keys.dh]))).toBe('NOT_VOUCHED')
})

// Defences: `granter` in stateOf; linksOf, which follows no link of a carer's key; `helps` in pairVouch.
test('attack 7: a carer lets nobody in, neither as a helper nor as the patient', async () => {
  const { own, identity } = await patient()
  const { device, record, row } = await letIn(own, son)
  expect(await codeOf(letIn(device, { ...son, name: 'A friend' }))).toBe('NOT_VOUCHED')
  expect((await shown(own, [identity, record], [row])).states).toEqual(['holds'])
  // With a vault of their own making the carer signs what they like.
  const [her, carer, thief] = [await newKeys(), await newKeys(), await newKeys()]
  const patientId = crypto.randomUUID()
  const seal = await sealing(her, patientId)
  const real = await statementOf(her, carer, patientId, son)
  const further = await statementOf(carer, thief, patientId, { ...son, name: 'A friend' })
  const records = [await seal('identity', { name: 'Vera Lind' }), await seal('care', real), await seal('care', further)]
  const rows = [real, further].map(({ careId, until, keys }) => ({
    ...{ careId, keys, role: 'carer' as const, until, endedAt: null, ending: null },
  }))
  const link = { clinicId, patientId, from: carer.public, to: thief.public }
  const halves = { from: await signLink(link, carer.sign.privateKey), to: await signLink(link, thief.sign.privateKey) }
  const doctor = (await world.join(['practitioner'])).vault
  await doctor.open(records.slice(0, 1), { patientId })
  const at = { clinicId, patientId, records: records.slice(1), rows, now: now() }
  expect((await doctor.loadCare(at)).map(({ state }) => state)).toEqual(['holds', 'unknown'])
  const listed = [
    { keys: b64Keys(her) },
    { keys: real.keys },
    { keys: further.keys, link: toB64(encodeLink(link, halves)) },
  ]
  const views = await doctor.loadPatientKeys({ clinicId, patientId, keys: listed })
  expect(views[2]).toMatchObject({ trust: 'none', met: false })
  const note = (key: string) => doctor.seal({ ...input({ ...own.handle, patientId }, 'note', { shared: true }, [key]) })
  await note(real.keys.dh)
  expect(await codeOf(note(further.keys.dh))).toBe('NOT_VOUCHED')
  // Defence: the line on a guardian in rootOf. Nor are the thief's words anybody's.
  const word = await (await sealing(thief, patientId))('identity', { name: 'A friend' })
  expect(await doctor.open([word], { patientId })).toMatchObject([{ ok: false, code: 'NOT_VOUCHED' }])
  // Recognised in a call as the patient by mistake, the carer still ties nobody to her.
  await doctor.vouchPatient({ clinicId, patientId, keys: real.keys, reason: 'call' })
  const [, , after] = await doctor.loadPatientKeys({ clinicId, patientId, keys: listed })
  expect(after).toMatchObject({ trust: 'none', met: false })
})

// Defence: the line on the root in helpersOf.
test('attack 7: on the patient’s own device, too, whom a stranger let in is nobody', async () => {
  const { own } = await patient()
  const { patientId, keys } = own.handle
  const [stranger, thief] = [await newKeys(), await newKeys()]
  const said = await statementOf(stranger, thief, patientId, son)
  const record = await sealAs(own, 'care', said)
  const rows: CareRowInput[] = [{ ...said, role: 'carer', endedAt: null, ending: null }]
  const here = { clinicId, patientId, asPatient: patientId, records: [record], rows, now: now() }
  expect(await own.vault.loadCare(here)).toMatchObject([{ state: 'unknown' }])
  expect(await codeOf(own.vault.handOn({ patientId, records: [], to: [said.keys.dh] }))).toBe('NOT_VOUCHED')
  const to = { kind: 'patient', id: patientId, key: keys.dh, epoch: 0 } as const
  const word = await (await sealing(thief, patientId, [to]))('identity', { name: 'Somebody else' })
  expect(await own.vault.open([word], { asPatient: patientId, patientId })).toMatchObject([{ ok: false }])
  // The same from whom the patient let in.
  const { device } = await letIn(own, son)
  const theirs = await sealAs(device, 'reason', { reason: 'a fall' })
  const grants = await device.vault.handOn({ patientId, records: [theirs], to: [keys.dh] })
  const handed = { ...theirs, grants: grants.map(({ grant }) => grant) }
  expect(await own.vault.open([handed], { asPatient: patientId, patientId })).toMatchObject([{ ok: true }])
})

// Defence: the line on MOST_LINKS in stateOf. Without it the chart does not open at all.
test('attack 7: two guardians whom nobody but each other let in are no helpers', async () => {
  const [her, one, other] = [await newKeys(), await newKeys(), await newKeys()]
  const patientId = crypto.randomUUID()
  const seal = await sealing(her, patientId)
  const said = [await statementOf(one, other, patientId, mother), await statementOf(other, one, patientId, mother)]
  const records = await Promise.all(said.map((each) => seal('care', each)))
  const rows = said.map(({ careId, until, keys }) => ({
    ...{ careId, keys, role: 'guardian' as const, until, endedAt: null, ending: null },
  }))
  const doctor = (await world.join(['practitioner'])).vault
  await doctor.open([await seal('identity', { name: 'Vera Lind' })], { patientId })
  const views = await doctor.loadCare({ clinicId, patientId, records, rows, now: now() })
  expect(views.map(({ state }) => state)).toEqual(['unknown', 'unknown'])
})

// Defence: hasStepsBack, and the guardian's own state in stateOf.
test('attack 15: who booked for a child reads nothing new from its birthday on, nor does whom they let in', async () => {
  const { own, identity } = await patient()
  const { patientId, keys } = own.handle
  const said = await own.vault.careOfItself({ patientId, terms: mother })
  const itself = await sealAs(own, 'care', { careId: said.careId, statement: said.statement })
  const ownRow: CareRowInput = {
    ...{ careId: said.careId, keys, role: 'guardian', until: said.until, endedAt: null, ending: null },
  }
  // The server learns the month, and no birth date.
  expect(said.until).toMatch(/-01T00:00:00\.000Z$/)
  const { filed, record, row } = await letIn(own, { ...son, end: { kind: 'open' } })
  const all = [identity, itself, record]
  const { staff, states } = await shown(own, all, [ownRow, row])
  expect(states).toEqual(['holds', 'holds'])
  await noteFor(staff, own, [keys.dh, filed.keys.dh])
  const later = await shown(own, all, [ownRow, row], staff, inDays(401))
  expect(later.states).toEqual(['over', 'over'])
  const [trust] = await staff.loadPatientKeys({ clinicId, patientId, keys: [{ keys }] })
  expect(trust).toMatchObject({ trust: 'none', met: true })
  for (const key of [keys.dh, filed.keys.dh]) expect(await codeOf(noteFor(staff, own, [key]))).toBe('NOT_VOUCHED')
  // The server leaves both out: what this browser saw stays.
  const hidden = await shown(own, [identity], [], staff, inDays(401))
  expect(hidden.states).toEqual(['over', 'over'])
})

// Defence: hasStepsBack, for keys that are believed by themselves.
test('attack 15: whom a member recognised as the child on a new phone, and who said that she is the mother, is out at the birthday', async () => {
  const { own, identity } = await patient()
  const { patientId } = own.handle
  const phone = await patientOf(world, patientId)
  const { keys } = phone.handle
  const { staff } = await shown(own, [identity], [])
  await staff.vouchPatient({ clinicId, patientId, keys, reason: 'document' })
  await noteFor(staff, own, [keys.dh])
  const said = await phone.vault.careOfItself({ patientId, terms: mother })
  const record = await sealAs(phone, 'care', { careId: said.careId, statement: said.statement })
  const row: CareRowInput = {
    ...{ careId: said.careId, keys, role: 'guardian', until: said.until, endedAt: null, ending: null },
  }
  const helping = await shown(own, [identity, record], [row], staff)
  expect(helping.views).toMatchObject([{ state: 'holds', ofItself: true, vouched: true, relation: 'mother' }])
  await noteFor(staff, own, [keys.dh])
  expect((await shown(own, [identity, record], [row], staff, inDays(401))).states).toEqual(['over'])
  expect(await codeOf(noteFor(staff, own, [keys.dh]))).toBe('NOT_VOUCHED')
})

test('pages cannot have the vault sign who helps, nor that they no longer do', async () => {
  const { own } = await patient()
  const { patientId } = own.handle
  for (const purpose of ['patient-care', 'patient-care-end'])
    expect(await codeOf(own.vault.signPatient({ patientId, purpose, fields: ['x'] }))).toBe('UNSUPPORTED')
})

type TestKeys = Awaited<ReturnType<typeof newKeys>>
const b64Keys = (keys: TestKeys) => ({ sign: toB64(keys.public.sign), dh: toB64(keys.public.dh) })

/** What the holder of these very keys would seal for the clinic. */
async function sealing(keys: TestKeys, patientId: string, to: Recipient[] = []) {
  const chain = await verifyChain(clinicId, world.chain.statements)
  return (type: 'identity' | 'care', content: unknown) =>
    sealRecord(
      {
        ...{ type, clinicId, patientId, recordId: crypto.randomUUID(), revision: 1, previous: null },
        ...{ chainHead: chain.head, schema: 1, managing: 'desk' as const },
      },
      content,
      [...groupRecipients(chain, ['desk', 'clinical']), ...to],
      { sign: keys.sign.privateKey, keys: keys.public },
    )
}

async function statementOf(from: TestKeys, to: TestKeys, patientId: string, given: CareTermsInput) {
  const careId = crypto.randomUUID()
  const care = {
    ...{ clinicId, patientId, terms: { ...given, careId, since: now() } },
    ...{ from: from.public, to: to.public },
  }
  const halves = { from: await signCare(care, from.sign.privateKey), to: await signCare(care, to.sign.privateKey) }
  const until = given.end.kind === 'open' ? null : `${given.end.on}T00:00:00.000Z`
  return { careId, until, keys: b64Keys(to), statement: toB64(encodeCare(care, halves)) }
}
