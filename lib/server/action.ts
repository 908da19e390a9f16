import 'server-only'
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import type { PatientActor, PublicActor, Role, StaffActor } from '../access/rules.ts'
import { type Code, codes, refuse, type Refusal, type Result } from '../errors.ts'
import { bestLocale, isLocale } from '../messages/pick.ts'
import { networkOf } from '../network.ts'
import { env } from './env.ts'
import { log } from './log.ts'
import { limitHere, type Limit } from './rate-limit.ts'
import { isBusy } from './tx.ts'

// The JSON door: POST /api/<domain>/<name>. It unpacks, checks and answers; flows decide and do.

/** Who may come in: anyone, the patient, any of the staff, either of the two, or staff with one of these roles. */
export type Door = 'public' | 'patient' | 'staff' | 'signed-in' | readonly Role[]

type ActorOf<D extends Door> = D extends 'public'
  ? PublicActor
  : D extends 'patient'
    ? PatientActor
    : D extends 'signed-in'
      ? PatientActor | StaffActor
      : StaffActor

export interface Ctx {
  now: Date
  /** The caller's address, for rate limits; never logged. */
  ip: string
  locale: 'en' | 'fr'
  requestId: string
  userAgent: string
  /** Sets a cookie on the answer: httpOnly, SameSite=Lax, Secure over https, path / unless said otherwise. */
  setCookie: (name: string, value: string, options?: CookieOptions) => void
}

export interface CookieOptions {
  /** Seconds; 0 deletes it; none lasts for the browser's session. */
  maxAge?: number
  path?: string
  sameSite?: 'Lax' | 'Strict'
}

export interface ActionOptions {
  /** Largest body in bytes; 1 MiB unless said otherwise. */
  maxBytes?: number
  /** For each caller's address, in this process. */
  rate?: Limit
}

export interface Action<In = unknown, Out = unknown> {
  door: Door
  schema: z.ZodType<unknown, In>
  run: (actor: never, input: never, ctx: Ctx) => Promise<Result<Out>>
  options: ActionOptions
}

/** A contract's entries as actions: `export const bookingActions = { … } satisfies Actions<BookingContract>`. */
export type Actions<C> = { [K in keyof C]: C[K] extends { in: infer In; out: infer Out } ? Action<In, Out> : never }

export function action<D extends Door, S extends z.ZodType, Out>(
  door: D,
  schema: S,
  run: (actor: ActorOf<D>, input: z.output<S>, ctx: Ctx) => Promise<Result<Out>>,
  options: ActionOptions = {},
): Action<z.input<S>, Out> {
  return {
    door,
    schema: schema as unknown as z.ZodType<unknown, z.input<S>>,
    run: run as Action<z.input<S>, Out>['run'],
    options,
  }
}

export type ResolveActor = (
  kind: 'patient' | 'staff',
  request: Request,
  now: Date,
) => Promise<PatientActor | StaffActor | null>

// A whole clinic may share one address.
const flood: Limit = { points: 3000, seconds: 60 }
const mebibyte = 1024 * 1024

interface DoorParts {
  actions: Record<string, Action>
  resolveActor: ResolveActor
  /** Hears of every refusal to somebody who is known, before it is answered: the log keeps those that tell something. */
  onRefused: (actor: PatientActor | StaffActor, action: string, code: Code, input: unknown) => Promise<void>
}

/**
 * The one handler behind every action. `resolveActor` reads the session from the request's cookies; it is passed in,
 * since this file knows no domain.
 */
export function makeDoor({ actions, resolveActor, onRefused }: DoorParts) {
  return async function door(request: Request, name: string): Promise<Response> {
    const requestId = randomUUID()
    const headers = new Headers({ 'cache-control': 'no-store', 'x-request-id': requestId })
    const answer = (result: Result<unknown>) =>
      Response.json(result, { status: result.ok ? 200 : codes[result.code], headers })
    try {
      const now = new Date()
      const found = Object.hasOwn(actions, name) ? actions[name]! : null
      if (!found) return answer(refuse('UNKNOWN_ACTION'))
      if (!sameOrigin(request)) return answer(refuse('BAD_ORIGIN'))
      if (!/^application\/json\b/i.test(request.headers.get('content-type') ?? '')) return answer(refuse('NOT_JSON'))
      const ip = addressOf(request)
      for (const [key, allowed] of [
        ['door', flood],
        [name, found.options.rate],
      ] as const) {
        const counted = allowed && (await limitHere(key, ip, allowed))
        if (counted && !counted.ok) return answer(counted)
      }
      const body = await readJson(request, found.options.maxBytes ?? mebibyte)
      if (!body.ok) return answer(body)
      const { actor, refusal } = await enter(found.door, request, now, resolveActor)
      const tell = async (result: Result<unknown>) => {
        if (!result.ok && actor && actor.kind !== 'public') await onRefused(actor, name, result.code, body.value)
        return answer(result)
      }
      if (refusal) return await tell(refusal)
      const input = found.schema.safeParse(body.value)
      if (!input.success) return answer(refuse('BAD_INPUT', faultsOf(input.error)))
      const setCookie: Ctx['setCookie'] = (cookie, value, options) =>
        headers.append('set-cookie', cookieLine(cookie, value, options))
      const userAgent = (request.headers.get('user-agent') ?? '').slice(0, 200)
      const ctx: Ctx = { now, ip, locale: localeOf(request), requestId, userAgent, setCookie }
      return await tell(await found.run(actor as never, input.data as never, ctx))
    } catch (error) {
      if (isBusy(error)) {
        log.warn({ code: 'BUSY', action: name, requestId })
        return answer(refuse('BUSY'))
      }
      log.error({ code: 'INTERNAL', action: name, requestId, err: error })
      return Response.json({ ok: false, code: 'INTERNAL' }, { status: 500, headers })
    }
  }
}

/** A page of ours, by both of the browser's own words; a form or a script of another site is neither. */
export function sameOrigin(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site')
  return request.headers.get('origin') === env().APP_ORIGIN && (site === null || site === 'same-origin')
}

/** The address that the furthest of our own proxies saw: counted from the right, so that a caller cannot choose it. */
export function addressOf(request: Request): string {
  const hops = (request.headers.get('x-forwarded-for') ?? '').split(',')
  return networkOf((hops[hops.length - env().TRUSTED_PROXIES] ?? '').trim())
}

function localeOf(request: Request): 'en' | 'fr' {
  const chosen = /(?:^|;\s*)locale=(\w+)/.exec(request.headers.get('cookie') ?? '')?.[1]
  return isLocale(chosen) ? chosen : bestLocale(request.headers.get('accept-language'))
}

async function enter(
  door: Door,
  request: Request,
  now: Date,
  resolve: ResolveActor,
): Promise<{ actor: PublicActor | PatientActor | StaffActor | null; refusal: Refusal | null }> {
  if (door === 'public') return { actor: { kind: 'public' }, refusal: null }
  // A browser may hold both sessions (a practitioner who is a patient): the page says which it speaks for.
  const as = request.headers.get('curtain-as')
  const both =
    as === 'patient' ? (['patient'] as const) : as === 'staff' ? (['staff'] as const) : (['staff', 'patient'] as const)
  const kinds = door === 'patient' ? (['patient'] as const) : door === 'signed-in' ? both : (['staff'] as const)
  for (const kind of kinds) {
    const actor = await resolve(kind, request, now)
    if (!actor) continue
    const barred =
      typeof door !== 'string' && !(actor.kind === 'staff' && actor.roles.some((role) => door.includes(role)))
    return { actor, refusal: barred ? refuse('NOT_ALLOWED') : null }
  }
  return { actor: null, refusal: refuse('SIGN_IN_FIRST') }
}

/** The body, read no further than `most` bytes whatever its headers say. */
async function readJson(request: Request, most: number): Promise<Result<unknown>> {
  if (Number(request.headers.get('content-length') ?? 0) > most) return refuse('TOO_LARGE')
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > most) return refuse('TOO_LARGE')
    chunks.push(chunk)
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
    // PostgreSQL stores no NUL in a text: nobody types one, and each column would otherwise have to refuse it.
    if (/(?<!\\)(\\\\)*\\u0000/.test(text)) return refuse('BAD_INPUT')
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return refuse('NOT_JSON')
  }
}

/** Where the input is wrong, and of what kind; never the value. A custom message that is a catalogue key is passed on. */
function faultsOf(error: z.ZodError): NonNullable<Refusal['fields']> {
  const fields: Record<string, string> = {}
  for (const issue of error.issues) {
    const key = /^[a-z][\w.-]*$/i.test(issue.message) ? issue.message : issue.code
    fields[issue.path.map(String).join('.')] ??= key
  }
  return fields
}

function cookieLine(name: string, value: string, { maxAge, path = '/', sameSite = 'Lax' }: CookieOptions = {}): string {
  const secure = env().APP_ORIGIN.startsWith('https:') ? '; Secure' : ''
  const age = maxAge === undefined ? '' : `; Max-Age=${Math.floor(maxAge)}`
  return `${name}=${encodeURIComponent(value)}; Path=${path}; HttpOnly; SameSite=${sameSite}${age}${secure}`
}
