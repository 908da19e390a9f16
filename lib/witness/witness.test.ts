// A clinic's chains, a witness that watched them, and hands on the database: attack 11.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadChain, loadMe, saveWrap, vouch } from '../access/flow.ts'
import * as signInFlow from '../access/flow-sign-in.ts'
import { answer, at, must, openTestClinic, PASSWORD, type TestClinic, vouchFor } from '../access/testing.ts'
import { linkLog, showLinks } from '../audit/flow.ts'
import { createVault } from '../browser/vault-core.ts'
import { memoryStorage } from '../browser/vault-storage.ts'
import type { Vault } from '../browser/vault-api.ts'
import { toB64 } from '../crypto/bytes.ts'
import { importSecret, newAccountSecrets } from '../crypto/keys.ts'
import { newRoot, say } from '../crypto/testing.ts'
import type { ChainStatement } from '../crypto/types.ts'
import { root } from '../../scripts/base.mjs'
import { auditAll } from '../server/audit.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { bucketLog } from './bucket.ts'
import { fileLog, type WitnessLog } from './log.ts'
import { type Ask, openWitness } from './witness.ts'

const url = 'https://witness.test'

const { admin, urls } = testDb()
const nobody = { kind: 'public' } as const

let clinic: TestClinic
let key: { private: CryptoKey; public: Uint8Array<ArrayBuffer> }
let dir: string
beforeEach(async () => {
  clinic = await openTestClinic()
  const { pair, public: raw } = await importSecret('Ed25519', newAccountSecrets(false).sign)
  key = { private: pair.privateKey, public: raw }
  dir = mkdtempSync(join(tmpdir(), 'witness-'))
})

const ask: Ask = async <T>(action: string, input: unknown) => {
  const given = input as { clinicId: string; from: number }
  const value = action === 'access/chain' ? await loadChain(null, given) : await showLinks(nobody, given)
  return must(value as never) as T
}
const open = (log: WitnessLog) => openWitness({ ask, log, key, now: () => new Date() })

async function write(count: number) {
  const happening = { action: 'encounter.opened' }
  await inClinic(clinic.clinicId, (tx) =>
    auditAll(
      tx,
      clinic.owner.actor,
      Array.from({ length: count }, () => happening),
    ),
  )
  await linkLog(clinic.clinicId)
}

/** A second member, so that the chain has something to lose. */
async function grow(vault = clinic.owner.vault) {
  const by = { ...clinic, owner: { ...clinic.owner, vault } }
  const { invitation } = await answer(by, ['frontdesk'])
  const signed = await vouchFor(by, invitation.id, { ...invitation })
  must(await vouch(clinic.owner.actor, { id: invitation.id, ...signed }, at()))
}

/** A chain that a stranger made, which verifies like any other. */
const chains = new Map<string, ChainStatement[]>()
async function strangers(clinicId: string): Promise<ChainStatement[]> {
  const statements: ChainStatement[] = chains.get(clinicId) ?? []
  if (!chains.has(clinicId)) {
    const root = await newRoot()
    await say(clinicId, statements, { kind: 'genesis', root: root.public }, root)
    chains.set(clinicId, statements)
  }
  return statements
}

const cutLog = async (from: number) => {
  await admin(
    'DELETE FROM audit_box WHERE entry_id IN (SELECT id FROM audit_entry WHERE clinic_id = $1 AND seq >= $2)',
    [clinic.clinicId, from],
  )
  await admin('DELETE FROM audit_entry WHERE clinic_id = $1 AND seq >= $2', [clinic.clinicId, from])
}
const cutMembers = () =>
  admin(
    'DELETE FROM chain_statement WHERE clinic_id = $1 AND seq = (SELECT max(seq) FROM chain_statement WHERE clinic_id = $1)',
    [clinic.clinicId],
  )

/** As lib/browser/audit-log.ts proves it. */
async function prove(vault: Vault): Promise<string> {
  const { clinicId } = clinic
  try {
    const { length } = await vault.auditPin(clinicId)
    const { head, leaves } = must(await showLinks(nobody, { clinicId, from: length }))
    await vault.extendAudit({ clinicId, head, from: length, leaves })
    return 'whole'
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** An empty profile: another browser, the same password. */
async function emptyProfile(earlier?: string): Promise<Vault> {
  const vault = createVault(memoryStorage())
  const { request } = await vault.signInStart(PASSWORD)
  const { email } = clinic.owner
  const { response, state } = must(await signInFlow.startSignIn(nobody, { email, request }, at()))
  const { finish } = await vault.signInFinish({ response })
  must(await signInFlow.finishSignIn(nobody, { state, finish }, at()))
  const { clinicId, memberId, wrappedAccount, epochGrants, statements } = must(await loadMe(clinic.owner.actor))
  const chain = { clinicId, statements }
  await vault.unlock({ clinicId, memberId, wrappedAccount: earlier ?? wrappedAccount, epochGrants, chain })
  return vault
}

describe('attack 11: the log cut back and forked by SQL', () => {
  // Defences: the comparisons with the pin in extendAudit() in lib/browser/vault-audit.ts; adoptLogPin() there, for the empty profile.
  it('a browser that saw the longer one refuses, and so does an empty profile after sign-in', async () => {
    await write(4)
    const { vault, actor } = clinic.owner
    expect(await prove(vault)).toBe('whole')
    must(await saveWrap(actor, await vault.rewrapAccount()))
    expect(await prove(await emptyProfile())).toBe('whole')
    await cutLog(3)
    expect(await prove(vault)).toBe('CHAIN_SHORTER')
    expect(await prove(await emptyProfile())).toBe('CHAIN_SHORTER')
  })

  it('one that went on from elsewhere, past what was seen, is refused as forked', async () => {
    await write(4)
    const { vault, actor } = clinic.owner
    expect(await prove(vault)).toBe('whole')
    must(await saveWrap(actor, await vault.rewrapAccount()))
    await cutLog(3)
    await write(9)
    expect(await prove(vault)).toBe('CHAIN_FORKED')
    expect(await prove(await emptyProfile())).toBe('CHAIN_FORKED')
  })

  it('with a witness, a browser that never saw it refuses too, and one without a pin that a forger gave another head', async () => {
    await write(4)
    const witness = await open(fileLog(join(dir, 'log')))
    witness.watch(clinic.clinicId)
    expect(await witness.round()).toMatchObject([{ ok: true }, { ok: true }])
    const fresh = async () => {
      const vault = createVault(memoryStorage())
      await vault.loadChain(must(await loadChain(null, { clinicId: clinic.clinicId })))
      const heads = witness.heads(clinic.clinicId)
      await vault.checkWitness({ clinicId: clinic.clinicId, url, key: toB64(key.public), heads })
      return vault
    }
    expect(await prove(await fresh())).toBe('whole')
    await write(1)
    expect(await prove(await fresh())).toBe('whole')
    await cutLog(3)
    expect(await prove(await fresh())).toBe('CHAIN_SHORTER')
    await write(9)
    expect(await prove(await fresh())).toBe('CHAIN_FORKED')
    // And the witness signs nothing of it.
    const before = witness.heads(clinic.clinicId)
    expect(await witness.round()).toMatchObject([{ ok: true }, { ok: false, kind: 'log', code: 'CHAIN_FORKED' }])
    expect(witness.heads(clinic.clinicId)).toEqual(before)
  })
})

describe('attack 11: the chain of members cut back by SQL', () => {
  // Defences: checkPin() in lib/crypto/chain.ts, with the pin of storage and that of the account's wrap; checkWitness() for who has neither.
  it('is refused by whoever saw it, by an empty profile, and, with a witness, by who never did', async () => {
    const { vault, actor } = clinic.owner
    const { clinicId } = clinic
    const { wrappedAccount: earlier } = must(await loadMe(actor))
    await grow()
    await vault.loadChain(must(await loadChain(null, { clinicId })))
    must(await saveWrap(actor, await vault.rewrapAccount()))
    const witness = await open(fileLog(join(dir, 'log')))
    witness.watch(clinicId)
    expect(await witness.round()).toMatchObject([{ ok: true }, { ok: true }])
    await cutMembers()
    const cut = must(await loadChain(null, { clinicId }))
    await expect(vault.loadChain(cut)).rejects.toMatchObject({ code: 'CHAIN_SHORTER' })
    await expect(emptyProfile()).rejects.toMatchObject({ code: 'CHAIN_SHORTER' })
    const stranger = createVault(memoryStorage())
    await stranger.loadChain(cut)
    const heads = witness.heads(clinicId)
    const check = (by: string) => stranger.checkWitness({ clinicId, url, key: by, heads })
    await expect(check(toB64(key.public))).rejects.toMatchObject({ code: 'CHAIN_SHORTER' })
    await expect(check(toB64(newAccountSecrets(false).sign))).rejects.toMatchObject({
      code: 'CHAIN_FORKED',
    })
    // Whoever puts back an account's earlier wrap too makes that browser sign a fork; the witness has seen better.
    await grow(await emptyProfile(earlier))
    await stranger.loadChain(must(await loadChain(null, { clinicId })))
    await expect(check(toB64(key.public))).rejects.toMatchObject({ code: 'CHAIN_FORKED' })
    expect(await witness.round()).toMatchObject([{ ok: false, kind: 'members', code: 'CHAIN_FORKED' }, { ok: true }])
  })
})

describe('the witness', () => {
  it('goes on where it left off, and refuses what was cut while it slept', async () => {
    await write(2)
    const path = join(dir, 'log')
    const first = await open(fileLog(path))
    first.watch(clinic.clinicId)
    await first.round()
    await write(2)
    await first.round()
    const lines = readFileSync(path, 'utf8')
    expect(lines.trim().split('\n')).toHaveLength(3)
    await cutLog(3)
    const again = await open(fileLog(path))
    expect(await again.round()).toMatchObject([{ ok: true }, { ok: false, code: 'CHAIN_SHORTER' }])
    expect(readFileSync(path, 'utf8')).toBe(lines)
    // Half a line, of a power cut: left where it is, and written past.
    writeFileSync(path, `${lines}{"clinicId":`)
    expect((await fileLog(path).all()).length).toBe(3)
    const entry = { clinicId: clinic.clinicId, kind: 'log', length: 99, statement: 'x' }
    const log = fileLog(path)
    await log.append(entry)
    await expect(log.append(entry)).rejects.toThrow('filed before')
    // What was written past it is a line of its own: the next run reads it, and fails at none.
    const after = readFileSync(path, 'utf8').split('\n')
    expect(after.slice(-3)).toEqual(['{"clinicId":', JSON.stringify(entry), ''])
    expect(await fileLog(path).all()).toEqual([
      ...lines
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
      entry,
    ])
  })

  // Defence: the order in look(): a head is kept in the log before anybody is shown it.
  it('shows no head that it could not write down, and tries again', async () => {
    await write(2)
    const kept = fileLog(join(dir, 'log'))
    let full = true
    const witness = await open({
      all: kept.all,
      append: async (signed) => {
        if (full) throw new Error('no space left')
        await kept.append(signed)
      },
    })
    witness.watch(clinic.clinicId)
    expect(await witness.round()).toMatchObject([{ ok: false }, { ok: false }])
    expect(witness.heads(clinic.clinicId)).toEqual([])
    full = false
    expect(await witness.round()).toMatchObject([{ ok: true }, { ok: true }])
    expect(witness.heads(clinic.clinicId)).toEqual((await kept.all()).map(({ statement }) => statement))
  })

  // Defence: the comparison of lengths in openWitness().
  it('attack 11: goes by the longest head of its log, in whatever order that is read', async () => {
    await write(2)
    const path = join(dir, 'log')
    const first = await open(fileLog(path))
    first.watch(clinic.clinicId)
    await first.round()
    await write(2)
    await first.round()
    const lines = await fileLog(path).all()
    await cutLog(3)
    const again = await open({
      append: () => Promise.reject(new Error('nothing is to be signed')),
      all: async () => lines.toReversed(),
    })
    expect(again.heads(clinic.clinicId)).toEqual(first.heads(clinic.clinicId))
    expect(await again.round()).toMatchObject([{ ok: true }, { ok: false, kind: 'log', code: 'CHAIN_SHORTER' }])
  })

  // Defence: the end of lookAtLog's loop.
  it('attack 11: a log that names more entries than it shows is found out, and is not waited for', async () => {
    await write(3)
    const short: Ask = async <T>(action: string, input: unknown) => {
      const answered = await ask<{ head: { length: number; hash: string }; leaves: string[] }>(action, input)
      if (action !== 'audit/links') return answered as T
      return { head: { ...answered.head, length: answered.head.length + 1 }, leaves: answered.leaves } as T
    }
    const witness = await openWitness({ ask: short, log: fileLog(join(dir, 'log')), key, now: () => new Date() })
    witness.watch(clinic.clinicId)
    expect(await witness.round()).toMatchObject([{ ok: true }, { ok: false, kind: 'log', code: 'CHAIN_SHORTER' }])
  })

  // Defence: `consider`, which watches nothing before the site answered its chain, and keeps most places of a round for others.
  it('attack 11: ids that a stranger makes up take no clinic’s place', async () => {
    const witness = await open(fileLog(join(dir, 'log')))
    for (let at = 0; at < 500; at++) witness.consider(randomUUID(), 'a stranger’s')
    for (let at = 0; at < 500; at++) witness.consider(randomUUID(), `a stranger’s ${at % 20}`)
    witness.consider(clinic.clinicId, 'the clinic’s')
    expect((await witness.round()).map((each) => each.clinicId)).toEqual([clinic.clinicId, clinic.clinicId])
    expect(witness.heads(clinic.clinicId).length).toBeGreaterThan(0)
    // And nothing of them is asked again.
    expect(await witness.round()).toHaveLength(2)
  })

  // Defences: mostOfOne, for who asks; mostLooks and `named`, for how long the others wait; that no place is ever taken from one.
  it('attack 11: on an open site a stranger’s own clinics push out none that is watched, and stop no further one', async () => {
    const { clinicId } = clinic
    const [named, later] = [(await openTestClinic()).clinicId, (await openTestClinic()).clinicId]
    const looks: string[] = []
    const real = new Set<string>([clinicId, named, later])
    // Every other id is a clinic of the stranger's, with a chain of its own: here it stands for a true one.
    const asking: Ask = async <T>(action: string, input: unknown) => {
      const given = input as { clinicId: string }
      if (action === 'access/chain') looks.push(given.clinicId)
      if (real.has(given.clinicId)) return ask<T>(action, input)
      if (action === 'access/chain') return { statements: await strangers(given.clinicId) } as T
      return { head: { length: 0, hash: '' }, leaves: [] } as T
    }
    const witness = await openWitness({ ask: asking, log: fileLog(join(dir, 'log')), key, now: () => new Date() })
    witness.watch(named)
    witness.consider(clinicId, 'the clinic’s')
    await witness.round()
    for (let round = 0; round < 30; round++) {
      for (let at = 0; at < 50; at++) witness.consider(randomUUID(), 'a stranger’s')
      witness.consider(randomUUID(), `a helper’s of the stranger ${round % 3}`)
      await witness.round()
    }
    witness.consider(later, 'another clinic’s')
    await witness.round()
    // Of one network a hundred and no more, besides the three of the helper's ten each.
    const watched = new Set<string>(looks)
    expect([...watched].filter((id) => !real.has(id))).toHaveLength(100 + 30)
    for (const id of real) expect(witness.heads(id).length).toBeGreaterThan(0)
    looks.length = 0
    for (let round = 0; round < 3; round++) await witness.round()
    const times = (id: string) => looks.filter((each) => each === id).length
    expect(times(named)).toBe(3)
    expect(times(clinicId)).toBeGreaterThanOrEqual(1)
    expect(times(later)).toBeGreaterThanOrEqual(1)
    expect(looks.length).toBeLessThanOrEqual(3 * 101)
  }, 120_000)

  it('believes no line of its log that it did not sign', async () => {
    const log = fileLog(join(dir, 'log'))
    await (await open(log)).round()
    const other = await importSecret('Ed25519', newAccountSecrets(false).sign)
    const foreign = fileLog(join(dir, 'foreign'))
    const theirs = await openWitness({
      ...{ ask, log: foreign, now: () => new Date() },
      key: { private: other.pair.privateKey, public: other.public },
    })
    theirs.watch(clinic.clinicId)
    await theirs.round()
    await expect(open(foreign)).rejects.toMatchObject({ code: 'BAD_SIGNATURE' })
  })
})

describe('the witness’s bucket', () => {
  let server: Server
  let base: string
  const objects = new Map<string, string>()
  const requests: { method: string; url: string; headers: IncomingMessage['headers'] }[] = []
  beforeEach(async () => {
    objects.clear()
    requests.length = 0
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' })
    server = createServer((request, response) => void s3(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  })
  afterEach(() => void server.close())

  /** What S3 answers to these three requests, `If-None-Match` included. */
  async function s3(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url!, base)
    requests.push({ method: request.method!, url: request.url!, headers: request.headers })
    const body: Buffer[] = []
    for await (const chunk of request) body.push(chunk as Buffer)
    const name = decodeURIComponent(url.pathname).replace('/heads/', '')
    if (request.method === 'PUT') {
      if (request.headers['if-none-match'] === '*' && objects.has(name)) {
        response.writeHead(412, { 'content-type': 'application/xml' })
        return response.end('<Error><Code>PreconditionFailed</Code></Error>')
      }
      objects.set(name, Buffer.concat(body).toString())
      return response.end()
    }
    if (url.searchParams.get('list-type') === '2') {
      // Two on a page, as S3 has a thousand.
      const from = Number(url.searchParams.get('continuation-token') ?? 0)
      const sorted = [...objects.keys()].sort()
      const isMore = sorted.length > from + 2
      const keys = sorted.slice(from, from + 2).map((key) => `<Contents><Key>${key}</Key></Contents>`)
      response.setHeader('content-type', 'application/xml')
      return response.end(
        `<ListBucketResult><IsTruncated>${isMore}</IsTruncated>${keys.join('')}${
          isMore ? `<NextContinuationToken>${from + 2}</NextContinuationToken>` : ''
        }</ListBucketResult>`,
      )
    }
    response.end(objects.get(name) ?? '')
  }
  const bucket = () =>
    bucketLog({ bucket: 'heads', prefix: 'curtain/', endpoint: base, region: 'eu-west-3', lockDays: 30 })

  it('keeps a head as an object that is locked and never replaced, and reads them again', async () => {
    await write(2)
    const witness = await open(bucket())
    witness.watch(clinic.clinicId)
    expect(await witness.round()).toMatchObject([{ ok: true }, { ok: true }])
    const [put] = requests.filter((each) => each.method === 'PUT')
    expect(put!.headers).toMatchObject({ 'if-none-match': '*', 'x-amz-object-lock-mode': 'COMPLIANCE' })
    const until = Date.parse(String(put!.headers['x-amz-object-lock-retain-until-date']))
    expect((until - Date.now()) / 86_400_000).toBeCloseTo(30, 1)
    expect([...objects.keys()].sort()[0]).toMatch(/^curtain\/[0-9a-f-]{36}\/log\/\d{12}\.json$/)
    expect(await (await open(bucket())).round()).toMatchObject([{ ok: true }, { ok: true }])
    const [first] = await bucket().all()
    await expect(bucket().append(first!)).rejects.toMatchObject({ name: 'PreconditionFailed' })
    // Defence: the token of the next page in all(). Without it a witness that starts anew has forgotten what lies on the second.
    await write(1)
    await witness.round()
    await write(1)
    await witness.round()
    await cutLog(2)
    const again = await open(bucket())
    expect(await again.round()).toMatchObject([{ ok: true }, { ok: false, kind: 'log', code: 'CHAIN_SHORTER' }])
    expect(again.heads(clinic.clinicId)).toEqual(witness.heads(clinic.clinicId))
  })
})

describe('npm run audit:verify', () => {
  const run = async (...given: string[]) => {
    const program = join(root, 'scripts', 'audit-verify.mjs')
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [program, ...given], { cwd: root })
      return { code: 0, said: stdout }
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
      return { code, said: stdout + stderr }
    }
  }
  /** The two tables as a plain dump has them. */
  async function dump(): Promise<string> {
    const entries = await admin<{ line: string }>(
      `SELECT concat_ws(E'\\t', id, clinic_id, arrived, '\\\\x' || encode(leaf, 'hex'), coalesce(seq::text, '\\N'),
         coalesce('\\\\x' || encode(hash, 'hex'), '\\N')) AS line FROM audit_entry`,
    )
    const statements = await admin<{ line: string }>(
      `SELECT concat_ws(E'\\t', clinic_id, seq, previous, hash, body, signer, signature) AS line FROM chain_statement`,
    )
    const block = (head: string, rows: { line: string }[]) =>
      `COPY public.${head} FROM stdin;\n${rows.map((row) => `${row.line}\n`).join('')}\\.\n\n`
    const file = join(dir, 'dump.sql')
    writeFileSync(
      file,
      `--\n-- PostgreSQL database dump\n--\n\n${block('audit_entry (id, clinic_id, arrived, leaf, seq, hash)', entries)}${block(
        'chain_statement (clinic_id, seq, previous, hash, body, signer, signature)',
        statements,
      )}`,
    )
    return file
  }
  const tamper = async (sql: string) => {
    await admin('ALTER TABLE audit_entry DISABLE TRIGGER keeps_its_place')
    await admin(sql, [clinic.clinicId])
    await admin('ALTER TABLE audit_entry ENABLE TRIGGER keeps_its_place')
  }
  beforeEach(async () => {
    // Clinics of the tests before this one were tampered with.
    await admin('TRUNCATE audit_box, audit_entry, chain_statement')
    clinic = await openTestClinic()
    await grow()
    await write(5)
    const witness = await open(fileLog(join(dir, 'log')))
    witness.watch(clinic.clinicId)
    await witness.round()
  })
  const witnessed = () => ['--witness', join(dir, 'log'), `--key=${toB64(key.public)}`]

  it('finds a database and its dump whole', async () => {
    for (const source of [urls().admin, await dump()]) {
      const { code, said } = await run(source, ...witnessed())
      expect(said).toMatch(/^whole .* log, \d+ entries, as witnessed 1 times$/m)
      expect(said).toMatch(/^whole .* members, 6 statements, as witnessed 1 times$/m)
      expect(code).toBe(0)
    }
  }, 60_000)

  it.each([
    ['rows cut from the middle', 'DELETE FROM audit_entry WHERE clinic_id = $1 AND seq = 3', 'cut: entry 4 is missing'],
    [
      'a row altered',
      `UPDATE audit_entry SET leaf = sha256('x') WHERE clinic_id = $1 AND seq = 3`,
      'altered: entry 4 is not what the chain says',
    ],
    [
      'two rows that changed places',
      `UPDATE audit_entry e SET leaf = o.leaf FROM audit_entry o
       WHERE e.clinic_id = $1 AND o.clinic_id = $1 AND e.seq IN (3, 4) AND o.seq = 7 - e.seq`,
      'altered: entry 4 is not what the chain says',
    ],
  ])('tells of %s, with or without a witness', async (_, sql, words) => {
    await tamper('DELETE FROM audit_box WHERE clinic_id = $1')
    await tamper(sql)
    for (const given of [[], witnessed()]) {
      const { code, said } = await run(await dump(), ...given)
      expect(said).toContain(words)
      expect(code).toBe(1)
    }
  })

  it('tells by the witness alone of a log that was cut at its end, and of one that was forked', async () => {
    await cutLog(4)
    expect(await run(await dump())).toMatchObject({ code: 0, said: expect.stringContaining('No witness was asked') })
    const cut = await run(await dump(), ...witnessed())
    expect([cut.code, cut.said]).toEqual([1, expect.stringContaining('cut back: 4 are left of the')])
    await write(20)
    const forked = await run(await dump(), ...witnessed())
    expect([forked.code, forked.said]).toEqual([1, expect.stringContaining('is not the one that was witnessed at')])
  })

  it('tells of members cut back, and of what it cannot check', async () => {
    await cutMembers()
    const cut = await run(await dump(), ...witnessed())
    expect([cut.code, cut.said]).toEqual([1, expect.stringMatching(/members, 5 statements: cut back/)])
    writeFileSync(join(dir, 'no.sql'), 'SELECT 1;')
    expect(await run(join(dir, 'no.sql'))).toMatchObject({ code: 2 })
    expect(await run(await dump(), '--witness', join(dir, 'log'))).toMatchObject({ code: 2 })
  })
})
