import { beforeAll, describe, expect, it } from 'vitest'
import { type ConsentContent, consentFields, consentPurpose, consentWords } from '../consent/rules.ts'
import type { Sealed } from '../crypto/types.ts'
import { sha256, toB64 } from '../crypto/bytes.ts'
import { signedBytes } from '../crypto/sign.ts'
import { checkConsent, checkHistory, type FiledConsent, type SignedConsent } from './consent-proof.ts'
import type { Vault } from './vault-api.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'
import { type Clinic, clinic as openClinic } from './vault-world.ts'

const text = { title: 'Consent', body: 'I agree to be seen by video.' }
let clinic: Clinic
let event: SignedConsent
let sealed: Sealed
let device: Vault

beforeAll(async () => {
  clinic = await openClinic()
  const { clinicId } = clinic
  device = createVault(memoryStorage())
  await device.loadChain(clinic.chain)
  const { patientId, keys } = await device.createPatient({ clinicId, patientId: crypto.randomUUID(), home: 'memory' })
  const [appointmentId, consentTextId, recordId] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()]
  const textHash = await device.hashText(consentWords(text))
  const facts = {
    clinicId,
    patientId,
    appointmentId,
    consentTextId,
    textHash,
    recordId,
    seq: 0,
    previous: '',
    state: 'signed' as const,
  }
  const signature = await device.signPatient({ patientId, purpose: consentPurpose, fields: consentFields(facts) })
  event = { ...facts, signer: keys.sign, signature }
  const content: ConsentContent = {
    ...text,
    appointmentId,
    consentTextId,
    version: 1,
    textHash,
    signedName: 'Pat',
    signedAt: '',
  }
  sealed = await device.seal({
    ...{ clinicId, patientId, recordId, revision: 1, type: 'consent', schema: 1, content },
    ...{ managing: 'clinical', groups: ['clinical'], patients: [{ patientId, key: keys.dh }], asPatient: patientId },
  })
}, 60_000)

const opened = async (record = sealed) => (await clinic.owner.vault.open([record], { patientId: event.patientId }))[0]!
const flip = (b64: string) => (b64.startsWith('A') ? 'B' : 'A') + b64.slice(1)

// Each fails when its line of consent-proof.ts is taken out.
describe('attack 10: a consent', () => {
  it('that was signed as it stands is valid', async () => {
    expect(await checkConsent(event, await opened())).toBeNull()
  })
  it('without its sealed text, or whose text does not open, proves nothing', async () => {
    expect(await checkConsent(event, undefined)).toBe('missing')
    const altered = { ...sealed, ciphertext: flip(sealed.ciphertext) }
    expect(await checkConsent(event, await opened(altered))).toBe('unopened')
  })
  it('altered by a byte after signing is refused', async () => {
    const record = await opened()
    if (!record.ok) throw new Error(record.code)
    const content = { ...(record.value.content as ConsentContent), body: `${text.body} ` }
    expect(await checkConsent(event, { ok: true, value: { ...record.value, content } })).toBe('text-changed')
    expect(await checkConsent({ ...event, textHash: flip(event.textHash) }, record)).toBe('text-changed')
  })
  it('unsigned, or moved to another appointment, place or state, is refused', async () => {
    const record = await opened()
    for (const change of [
      { signature: flip(event.signature) },
      { signature: '' },
      { appointmentId: crypto.randomUUID() },
      { seq: 1 },
      { state: 'withdrawn' as const },
      { previous: event.textHash },
    ]) {
      expect(await checkConsent({ ...event, ...change }, record), JSON.stringify(change)).toBe('bad-signature')
    }
  })
  // Defence: `author.id !== event.patientId`. A device may hold several patients, and its key signs truly for each.
  it('signed by the right key, and told of another patient than its text is sealed for, is refused', async () => {
    const { signer: _signer, signature: _signature, ...facts } = { ...event, patientId: crypto.randomUUID() }
    const fields = consentFields(facts)
    const signature = await device.signPatient({ patientId: event.patientId, purpose: consentPurpose, fields })
    expect(await checkConsent({ ...event, ...facts, signature }, await opened())).toBe('unknown-signer')
  })
  it('signed by a key that is not the patient’s is refused', async () => {
    expect(await checkConsent({ ...event, signer: clinic.owner.keys.sign }, await opened())).toBe('unknown-signer')
    const stranger = { ok: false, recordId: event.recordId, code: 'NOT_VOUCHED' } as const
    expect(await checkConsent(event, stranger)).toBe('unknown-signer')
  })
})

describe('attack 11: a history of consents cut back and forked by SQL', () => {
  const filed = async (count: number, mark = ''): Promise<FiledConsent[]> => {
    const events: FiledConsent[] = []
    for (let seq = 0; seq < count; seq++) {
      const facts = { ...event, seq, previous: events[seq - 1]?.hash ?? '', recordId: `${mark}${seq}` }
      const hash = toB64(await sha256(signedBytes(consentPurpose, consentFields(facts))))
      events.push({ ...facts, hash })
    }
    return events
  }
  const hashes = (events: FiledConsent[]) => events.map((one) => one.hash)

  // Defence: keepConsents() in lib/browser/vault-audit.ts.
  it('a browser that saw the longer one refuses, and one that was replaced', async () => {
    const { clinicId, patientId } = event
    const browser = createVault(memoryStorage())
    const keep = (events: FiledConsent[]) => browser.keepConsents({ clinicId, patientId, hashes: hashes(events) })
    await keep(await filed(2))
    await keep(await filed(3))
    await expect(keep(await filed(2))).rejects.toMatchObject({ code: 'CHAIN_SHORTER' })
    await expect(keep(await filed(4, 'other'))).rejects.toMatchObject({ code: 'CHAIN_FORKED' })
  })

  // Defence: checkHistory() in lib/browser/consent-proof.ts.
  it('an empty profile refuses what does not follow, and a signed text whose event is gone', async () => {
    const events = await filed(3)
    const texts = events.map((one) => one.recordId)
    expect(await checkHistory(events.toReversed(), texts)).toBeNull()
    expect(await checkHistory(events.slice(0, 2), texts)).toBe('CHAIN_SHORTER')
    expect(await checkHistory(events.toSpliced(1, 1), [])).toBe('CHAIN_SHORTER')
    expect(await checkHistory([events[0]!, { ...events[1]!, state: 'withdrawn' }, events[2]!], texts)).toBe(
      'CHAIN_FORKED',
    )
    expect(await checkHistory([events[0]!, ...(await filed(3, 'other')).slice(1)], [])).toBe('CHAIN_FORKED')
  })

  // Defences: `isDestroyed`, for a history that a purge emptied; and that what it emptied stands for no text that is there.
  it('one whose texts were purged is whole, proves nothing, and hides no text that is there', async () => {
    const events = (await filed(3)).map((one) => ({ ...one, signature: 'signed' }))
    const nothing = { textHash: '', signature: '', recordId: '', consentTextId: '' }
    const purged = [...events.slice(0, 2).map((one) => ({ ...one, ...nothing })), events[2]!]
    expect(await checkHistory(purged, [events[2]!.recordId])).toBeNull()
    expect(await checkHistory(purged, [events[1]!.recordId, events[2]!.recordId])).toBe('CHAIN_SHORTER')
    const named = purged.map((one, seq) => ({ ...one, recordId: events[seq]!.recordId }))
    expect(await checkHistory(named, [events[1]!.recordId])).toBe('CHAIN_SHORTER')
    expect(await checkHistory([{ ...purged[0]!, hash: 'another' }, ...purged.slice(1)], [])).toBe('CHAIN_FORKED')
    expect(await checkConsent({ ...event, ...nothing }, undefined)).toBe('destroyed')
    expect(await checkConsent({ ...event, ...nothing }, await opened())).toBe('text-changed')
  })
})
