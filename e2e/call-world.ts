// A clinic with a practitioner whose keys are real, and an appointment that is now: what every test of a call begins with.
import { createCipheriv, createDecipheriv, createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, expect, type Browser, type BrowserContext, type Page } from '@playwright/test'
import { createVault } from '../lib/browser/vault-core.ts'
import { memoryStorage } from '../lib/browser/vault-storage.ts'
import { root } from '../scripts/base.mjs'
import { withClient } from '../scripts/stack/postgres.ts'
import { chromiumArgs } from './playwright.config.ts'
import { up, type TestStack } from './stack.ts'

export interface Site {
  baseUrl: string
  sql: <Row = Record<string, unknown>>(text: string, values?: unknown[]) => Promise<Row[]>
  /** The stack's home: its keys are there. */
  home: string
}

export interface World {
  clinicId: string
  memberId: string
  email: string
  password: string
  rootFingerprint: string
  patientId: string
  serviceId: string
  /** One more appointment of the same patient, starting so many minutes from now. */
  appointment: (inMinutes?: number, patientId?: string) => Promise<Appointment>
}
export interface Appointment {
  id: string
  secret: string
  link: string
  callLink: string
}

/** A stack of this test's own; or, while writing tests, the one that runs in CURTAIN_E2E_HOME. */
export async function callSite(): Promise<
  Site & {
    sfu: { url: string; api: string; key: string; secret: string }[]
    down: () => Promise<void>
    mails: (to?: string) => Promise<{ subject: string; text: string }[]>
    stack: TestStack | null
  }
> {
  const running = process.env.CURTAIN_E2E_HOME
  if (!running) {
    const stack = await up()
    return { ...stack, stack }
  }
  const home = join(root, running)
  const facts = JSON.parse(readFileSync(join(home, 'demo.json'), 'utf8')) as { baseUrl: string; mailboxUrl: string }
  const secrets = JSON.parse(readFileSync(join(home, 'secrets.json'), 'utf8')) as Record<string, string>
  const port = Number(new URL(facts.baseUrl).port)
  const adminUrl = `postgresql://postgres:${secrets.admin}@127.0.0.1:${port + 4}/curtain`
  const sfu = {
    url: `ws://127.0.0.1:${port + 5}`,
    api: `http://127.0.0.1:${port + 5}`,
    key: secrets.livekitKey!,
    secret: secrets.livekitSecret!,
  }
  return {
    baseUrl: facts.baseUrl,
    home,
    sfu: [sfu],
    stack: null,
    sql: (text, values) => withClient(adminUrl, async (client) => (await client.query(text, values)).rows as never),
    mails: async (to) =>
      (await (
        await fetch(`${facts.mailboxUrl}/api/messages${to ? `?to=${encodeURIComponent(to)}` : ''}`)
      ).json()) as never,
    down: async () => undefined,
  }
}

const PASSWORD = 'tulip-anchor-velvet-quarry-31'

/** POST to the JSON door, as a browser on our own page would. Throws for a refusal. */
export async function ask<T>(baseUrl: string, name: string, input: unknown): Promise<T> {
  const answer = await knockOn(baseUrl, name, input)
  if (!answer.body.ok) throw new Error(`${name}: ${JSON.stringify(answer.body)}`)
  return answer.body.value as T
}
export async function knockOn(baseUrl: string, name: string, input: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${baseUrl}/api/${name}`, {
    method: 'POST',
    headers: {
      // As in door.ts: not kept open.
      connection: 'close',
      'content-type': 'application/json',
      origin: baseUrl,
      'sec-fetch-site': 'same-origin',
      ...headers,
    },
    body: JSON.stringify(input),
  })
  const body = (await response.json()) as { ok: boolean; code?: string; value?: unknown }
  return { status: response.status, body }
}

export async function makeWorld(site: Site): Promise<World> {
  const { baseUrl, sql } = site
  const clinicId = randomUUID()
  const memberId = randomUUID()
  const email = `doctor-${randomBytes(4).toString('hex')}@clinic.test`
  const vault = createVault(memoryStorage())
  const { request } = await vault.registerStart(PASSWORD)
  const { response } = await ask<{ response: string }>(baseUrl, 'access/register-start', { email, request })
  const made = await vault.registerOwner({ clinicId, memberId, response, roles: ['admin', 'practitioner'] })
  await ask(baseUrl, 'access/open-clinic', {
    clinicId,
    memberId,
    clinic: {
      name: 'Harbour Clinic',
      slug: `harbour-${randomBytes(4).toString('hex')}`,
      timeZone: 'Europe/Paris',
      country: 'FR',
      currency: 'eur',
      locale: 'en',
    },
    owner: { displayName: 'Dr Ada Marsh', title: 'General practitioner', email },
    practitioner: true,
    ...made,
  })
  const serviceId = randomUUID()
  await sql(
    `INSERT INTO service (id, clinic_id, name, minutes, price_minor, currency, payment_mode, intake_form)
     VALUES ($1, $2, 'Consultation', 30, 0, 'eur', 'free', '[]')`,
    [serviceId, clinicId],
  )
  const patientId = await addPatient(site, clinicId)
  return {
    clinicId,
    memberId,
    email,
    password: PASSWORD,
    rootFingerprint: made.rootFingerprint,
    patientId,
    serviceId,
    appointment: (inMinutes = 0, who = patientId) =>
      addAppointment(site, { clinicId, memberId, serviceId, patientId: who }, inMinutes),
  }
}

export async function addPatient({ sql, home }: Site, clinicId: string, email = 'sam@patient.test'): Promise<string> {
  const id = randomUUID()
  const sealed = sealField(join(home, 'keys'), email, `patient.email|${clinicId}|${id}`)
  await sql(`INSERT INTO patient (id, clinic_id, email_sealed) VALUES ($1, $2, $3)`, [id, clinicId, sealed])
  return id
}

let shift = 0
async function addAppointment(
  { baseUrl, sql }: Site,
  ids: { clinicId: string; memberId: string; serviceId: string; patientId: string },
  inMinutes: number,
): Promise<Appointment> {
  const id = randomUUID()
  const secret = randomBytes(16).toString('base64url')
  const linkHash = createHash('sha256').update(secret).digest()
  // A practitioner has one appointment at a time: each further one of a test starts some seconds apart, and is as short.
  const start = new Date(Date.now() + inMinutes * 60_000 + shift++ * 2_000)
  const end = new Date(start.getTime() + 1_000)
  await sql(
    `INSERT INTO appointment (id, clinic_id, service_id, member_id, patient_id, status, starts_at, ends_at, blocked_from,
                              blocked_until, price_minor, currency, payment_mode, link_hash)
     VALUES ($1, $2, $3, $4, $5, 'booked', $6, $7, $6, $7, 0, 'eur', 'free', $8)`,
    [id, ids.clinicId, ids.serviceId, ids.memberId, ids.patientId, start, end, linkHash],
  )
  return { id, secret, link: `${baseUrl}/a/${id}#s=${secret}`, callLink: `${baseUrl}/a/${id}/call#s=${secret}` }
}

/** As lib/server/kms.ts seals a field in version 1: version ‖ KEK id ‖ wrapped data key ‖ text, each AES-256-GCM under its context. */
function sealField(keyDir: string, text: string, context: string): Buffer {
  const gcm = (key: Buffer, aad: string, plain: Buffer) => {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(aad))
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  }
  const [root, ring] = [join(keyDir, 'root.key'), join(keyDir, 'kek.json')]
  if (!existsSync(ring)) {
    mkdirSync(keyDir, { recursive: true })
    if (!existsSync(root)) writeFileSync(root, randomBytes(32).toString('base64'), { mode: 0o600 })
    const wrapped = gcm(rootOf(root), 'curtain/v1/kek|field-kek|1', randomBytes(32)).toString('base64')
    const keys = { '1': { by: 'local', wrapped, since: new Date().toISOString() } }
    writeFileSync(ring, JSON.stringify({ current: '1', keys }), { mode: 0o600 })
  }
  const { current, keys } = JSON.parse(readFileSync(ring, 'utf8')) as {
    current: string
    keys: Record<string, { wrapped: string }>
  }
  const kek = openGcm(
    rootOf(root),
    `curtain/v1/kek|field-kek|${current}`,
    Buffer.from(keys[current]!.wrapped, 'base64'),
  )
  const dataKey = randomBytes(32)
  const wrapped = gcm(kek, `curtain/v1/wrap|${context}`, dataKey)
  return Buffer.concat([
    Buffer.from([1, current.length]),
    Buffer.from(current),
    wrapped,
    gcm(dataKey, context, Buffer.from(text)),
  ])
}

const rootOf = (file: string) => Buffer.from(readFileSync(file, 'utf8'), 'base64')

function openGcm(key: Buffer, aad: string, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(Buffer.from(aad))
  decipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])
}

// ── browsers: one process for each person ──

export interface Person {
  browser: Browser
  context: BrowserContext
  page: Page
  /** What the page complained of: a journey ends with none. */
  errors: string[]
  close: () => Promise<void>
}

export async function person(kind: 'phone' | 'desktop', { args = [] as string[] } = {}): Promise<Person> {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
    args: [...chromiumArgs, '--disable-background-networking', '--disable-component-update', ...args],
  })
  const context = await browser.newContext(
    kind === 'phone'
      ? { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 1, locale: 'en-GB' }
      : { viewport: { width: 1280, height: 860 }, locale: 'en-GB' },
  )
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (line) => {
    if (line.type() === 'error' && !/Failed to load resource/.test(line.text())) errors.push(line.text())
  })
  return { browser, context, page, errors, close: () => browser.close() }
}

export async function signIn(page: Page, baseUrl: string, { email, password }: { email: string; password: string }) {
  await page.goto(`${baseUrl}/sign-in`)
  await page.getByLabel('E-mail', { exact: false }).first().fill(email)
  await page.locator('input[type=password]').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL(/\/(today|admin|encounter)/)
}

/** From the link to the waiting room. */
export async function enterWaitingRoom(page: Page, callLink: string) {
  await page.goto(callLink)
  await page.getByRole('button', { name: 'Turn on camera and microphone' }).click()
  await page.getByRole('button', { name: 'Go to the waiting room' }).click()
  await page.getByText('You are in the waiting room').waitFor()
}

type Pair = { doctor: Person; phone: Person }

/** From the two front doors into one call. */
export async function comeIn({ baseUrl }: Site, world: World, { doctor, phone }: Pair, { id, callLink }: Appointment) {
  await signIn(doctor.page, baseUrl, world)
  await enterWaitingRoom(phone.page, callLink)
  await doctor.page.goto(`${baseUrl}/encounter/${id}`)
  await doctor.page.getByRole('button', { name: 'Admit', exact: true }).click()
  await phone.page.getByRole('button', { name: 'Join the call' }).click()
}

/** Both in, and each sees the other's moving picture. */
export async function meet(site: Site, world: World, pair: Pair, appointment: Appointment) {
  await comeIn(site, world, pair, appointment)
  await eachSeesTheOther(pair.doctor, pair.phone)
}

// ── what is seen and heard ──

export interface Seen {
  width: number
  /** Mean brightness of a decoded frame, 0 to 255, and how much a second frame differs from the first. */
  brightness: number
  change: number
}

/** Two decoded frames of a video element, drawn and read back. */
export function pixels(page: Page, name: 'remote' | 'local' = 'remote'): Promise<Seen> {
  return page.evaluate(async (which) => {
    const video = document.querySelector<HTMLVideoElement>(`video[data-call="${which}"]`)
    if (!video || !video.videoWidth) return { width: 0, brightness: 0, change: 0 }
    const canvas = new OffscreenCanvas(160, 90)
    const pen = canvas.getContext('2d', { willReadFrequently: true })!
    const shot = () => {
      pen.drawImage(video, 0, 0, 160, 90)
      return pen.getImageData(0, 0, 160, 90).data
    }
    const one = shot()
    await new Promise((resolve) => setTimeout(resolve, 700))
    const two = shot()
    let sum = 0
    let change = 0
    for (let i = 0; i < one.length; i += 4) {
      sum += (one[i]! + one[i + 1]! + one[i + 2]!) / 3
      change += Math.abs(one[i]! - two[i]!) + Math.abs(one[i + 1]! - two[i + 1]!)
    }
    return { width: video.videoWidth, brightness: sum / (one.length / 4), change: change / (one.length / 4) }
  }, name)
}

/** Decoded pictures, and not the same one for ever. */
export async function eachSeesTheOther(...people: Person[]) {
  for (const { page } of people) {
    await expect
      .poll(async () => {
        const seen = await pixels(page)
        return seen.brightness > 20 && seen.change > 0.5
      })
      .toBe(true)
  }
}

/** Loudest moment of the other side's voice within so many milliseconds. */
export function loudness(page: Page, ms = 3_000): Promise<number> {
  return page.evaluate(async (limit) => {
    const audio = document.querySelector<HTMLAudioElement>('audio[data-call="remote-audio"]')
    if (!(audio?.srcObject instanceof MediaStream) || !audio.srcObject.getAudioTracks().length) return 0
    const context = new AudioContext()
    const analyser = new AnalyserNode(context, { fftSize: 1024 })
    context.createMediaStreamSource(audio.srcObject).connect(analyser)
    const samples = new Float32Array(1024)
    let most = 0
    const until = Date.now() + limit
    while (Date.now() < until) {
      analyser.getFloatTimeDomainData(samples)
      for (const sample of samples) most = Math.max(most, Math.abs(sample))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await context.close()
    return most
  }, ms)
}

export const safetyCode = (page: Page): Promise<string | null> =>
  page.locator('[data-call="safety-code"]').getAttribute('data-code')
