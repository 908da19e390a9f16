// Stripe, as far as Curtain uses it: products, prices, Checkout, payment intents, refunds, signed webhooks. One emulator holds it all.
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createEmulator, defineEmulator, filePersistence } from 'emulate'
import { accountOf, createEndpoint, deleteEndpoint, withoutSecret } from './own.ts'
import { payPage } from './page.ts'
import { params, parseForm, StripeError, type Check, type Tree } from './params.ts'
import {
  clock,
  createPrice,
  createProduct,
  createSession,
  decline,
  dispute,
  emptyState,
  expireDue,
  expireSession,
  failRefund,
  find,
  freshId,
  listOf,
  moveDispute,
  pay,
  refund,
  type RestrictedKey,
  type Session,
  type State,
} from './state.ts'
import { courier } from './webhooks.ts'

export interface EmulatorSettings {
  port: number
  dir: string
  webhookUrl: string
  secretKey: string
  webhookSecret: string
}

/** What one API call gets: the account it speaks for, what it sent, and the id in its path. */
interface Call {
  state: State
  account: string
  form: Tree
  id: string
  origin: string
}
type Api = (call: Call) => unknown

/** Reading takes no parameters but `expand`, here as at Stripe. */
const read =
  (kind: string): Api =>
  ({ state, account, form, id }) => (params.expandOnly(form, ''), find(state, account, kind, id))

const readAll =
  (kind: string, path: string): Api =>
  ({ state, account, form }) => {
    const { limit = 10, payment_intent, charge } = params.listing(form, '')
    const all = listOf(state, account, kind).filter(
      (each) => (!payment_intent || each.payment_intent === payment_intent) && (!charge || each.charge === charge),
    )
    return { object: 'list', data: all.slice(0, limit), has_more: all.length > limit, url: path }
  }

/** The newest first, as at Stripe. */
const readEvents: Api = ({ state, account, form }) => {
  const { limit = 10, types, created, starting_after } = params.events(form, '')
  const { gte = 0, lte = Infinity } = created ?? {}
  const all = state.events
    .filter((event) => event.account === account)
    .map(({ body }) => body as { id: string; type: string; created: number })
    // One that goes to two endpoints is one.
    .filter(({ id }, at, all) => all.findIndex((each) => each.id === id) === at)
    .filter((event) => (!types || types.includes(event.type)) && event.created >= gte && event.created <= lte)
    .reverse()
  const rest = starting_after ? all.slice(all.findIndex(({ id }) => id === starting_after) + 1) : all
  return { object: 'list', data: rest.slice(0, limit), has_more: rest.length > limit, url: '/v1/events' }
}

const nothing: Check = (form) => params.expandOnly(form, '')

/** What a restricted key must be allowed, by Stripe's own words. */
const permissionOf = (method: string, path: string): string => {
  const does = method === 'GET' ? 'read' : 'write'
  if (path === '/v1/account') return 'rak_accounts_kyc_basic_read'
  if (path.startsWith('/v1/checkout')) return `rak_checkout_session_${does}`
  if (path.startsWith('/v1/refunds') || path.startsWith('/v1/charges')) return `rak_charge_${does}`
  if (path.startsWith('/v1/webhook_endpoints')) return `rak_webhook_${does}`
  if (path.startsWith('/v1/payment_intents')) return `rak_payment_intent_${does}`
  return `rak_${path.split('/')[2]!.replace(/s$/, '')}_${does}`
}

const calls: [method: 'GET' | 'POST' | 'DELETE', path: string, api: Api][] = [
  ['GET', '/v1/account', ({ state, account, form }) => (nothing(form, ''), accountOf(state, account))],
  ['POST', '/v1/webhook_endpoints', ({ state, account, form }) => createEndpoint(state, account, form)],
  [
    'GET',
    '/v1/webhook_endpoints',
    (call) => {
      const { data, ...list } = readAll('webhook_endpoint', '/v1/webhook_endpoints')(call) as { data: object[] }
      return { ...list, data: data.map((each) => withoutSecret(each as Record<string, unknown>)) }
    },
  ],
  [
    'DELETE',
    '/v1/webhook_endpoints/:id',
    ({ state, account, form, id }) => (nothing(form, ''), deleteEndpoint(state, account, id)),
  ],
  ['POST', '/v1/products', ({ state, account, form }) => createProduct(state, account, form)],
  ['GET', '/v1/products', readAll('product', '/v1/products')],
  ['GET', '/v1/products/:id', read('product')],
  ['POST', '/v1/prices', ({ state, account, form }) => createPrice(state, account, form)],
  ['GET', '/v1/prices', readAll('price', '/v1/prices')],
  ['GET', '/v1/prices/:id', read('price')],
  ['POST', '/v1/checkout/sessions', ({ state, account, form, origin }) => createSession(state, account, form, origin)],
  ['GET', '/v1/checkout/sessions', readAll('checkout.session', '/v1/checkout/sessions')],
  ['GET', '/v1/checkout/sessions/:id', read('checkout.session')],
  [
    'POST',
    '/v1/checkout/sessions/:id/expire',
    ({ state, account, form, id }) => (nothing(form, ''), expireSession(state, account, id)),
  ],
  ['GET', '/v1/payment_intents/:id', read('payment_intent')],
  ['GET', '/v1/payment_intents', readAll('payment_intent', '/v1/payment_intents')],
  ['GET', '/v1/charges/:id', read('charge')],
  ['GET', '/v1/disputes', readAll('dispute', '/v1/disputes')],
  ['GET', '/v1/events', readEvents],
  ['POST', '/v1/refunds', ({ state, account, form }) => refund(state, account, form)],
  ['GET', '/v1/refunds', readAll('refund', '/v1/refunds')],
  ['GET', '/v1/refunds/:id', read('refund')],
]

const day = 24 * 60 * 60 * 1000

/** Runs a call once for each idempotency key: the same again gets the same answer, anything else under that key is refused. */
function once(state: State, key: string | null, request: string, run: () => { status: number; body: unknown }) {
  if (!key) return { ...run(), replayed: false }
  if (key.length > 255) throw new StripeError(400, 'Idempotency keys must be at most 255 characters.')
  const now = Date.now()
  for (const [each, { at }] of Object.entries(state.replays)) if (at < now - day) delete state.replays[each]
  const before = state.replays[key]
  if (before && before.request !== request)
    throw new StripeError(
      400,
      `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key.split('\n')[1]}' if you meant to execute a different request.`,
      { type: 'idempotency_error' },
    )
  if (before) return { status: before.status, body: before.body, replayed: true }
  // What was refused before anything was done is not kept, as at Stripe.
  const { status, body } = run()
  state.replays[key] = { request, status, body: structuredClone(body), at: now }
  return { status, body, replayed: false }
}

/** Starts it on loopback. Every answer is on the disk before it is given, so a kill loses nothing that anyone was told. */
export async function startStripe({ port, dir, webhookUrl, secretKey, webhookSecret }: EmulatorSettings) {
  mkdirSync(dir, { recursive: true })
  const file = filePersistence(join(dir, 'state.json'))
  let saved: string | null = null
  let touch = () => {}
  let wake = () => {}

  const definition = defineEmulator<State>({
    name: 'curtain-stripe',
    stateVersion: 1,
    state: emptyState,
    cors: false,
    setup({ app, state, baseUrl, signal, onDispose }) {
      state.keys = { ...demoKeys, ...state.keys }
      const post = courier({
        ...{ state, url: webhookUrl, secret: webhookSecret, signal },
        delivered: () => touch(),
        isSaved: (id) => saved?.includes(id) ?? false,
      })
      wake = post.wake
      const beat = setInterval(() => expireDue(state) && touch(), 1000)
      onDispose(() => (post.stop(), clearInterval(beat)))

      for (const [method, path, api] of calls) {
        app.on(method, path, async (c) => {
          const headers: Record<string, string> = { 'request-id': freshId('req', 14) }
          try {
            const entry = enter(c.req.header('authorization'), secretKey, c.req.header('stripe-account'), state.keys)
            const { account } = entry
            const needed = permissionOf(method, path)
            if (entry.lacks.includes(needed)) throw barred(account, needed)
            expireDue(state)
            const body = method === 'GET' ? new URL(c.req.url).search : await c.req.text()
            const call = { state, account, form: parseForm(body), id: c.req.param('id'), origin: baseUrl }
            const key = method === 'POST' ? c.req.header('idempotency-key') : undefined
            const request = createHash('sha256').update(`${c.req.path}\n${body}`).digest('hex')
            const answer = once(state, key ? `${account}\n${key}` : null, request, () => ({
              status: 200,
              body: api(call),
            }))
            if (key) headers['idempotency-key'] = key
            if (answer.replayed) headers['idempotent-replayed'] = 'true'
            post.wake()
            return c.json(answer.body, answer.status, headers)
          } catch (error) {
            if (!(error instanceof StripeError)) throw error
            return c.json(error.body, error.status, headers)
          }
        })
      }

      // ── the payer's page ──
      const shown = (id: string) => {
        expireDue(state)
        const kept = state.kept[id]
        if (kept?.object.object !== 'checkout.session') return null
        return { account: kept.account, session: kept.object as Session, lines: state.lines[id] ?? [] }
      }
      app.get('/c/pay/:id', (c) => {
        const found = shown(c.req.param('id'))
        const page = payPage(found?.session ?? null, found?.lines ?? [], { declined: c.req.query('declined') === '1' })
        return c.html(page, found ? 200 : 404, { 'cache-control': 'no-store' })
      })
      app.post('/c/pay/:id/pay', (c) => {
        const found = shown(c.req.param('id'))
        if (found) pay(state, found.account, found.session)
        post.wake()
        const paid = found?.session.status === 'complete'
        const to = paid && found.session.success_url.replaceAll('{CHECKOUT_SESSION_ID}', found.session.id)
        return c.redirect(to || `/c/pay/${c.req.param('id')}`, 303)
      })
      app.post('/c/pay/:id/decline', (c) => {
        const found = shown(c.req.param('id'))
        if (found) decline(state, found.account, found.session)
        post.wake()
        return c.redirect(`/c/pay/${c.req.param('id')}?declined=1`, 303)
      })

      // ── for tests ──
      app.post('/_test/clock', async (c) => {
        const { now, advance } = await c.req.json<{ now?: string; advance?: number }>()
        if (now) state.ahead = Date.parse(now) - Date.now()
        if (advance) state.ahead += advance * 1000
        expireDue(state)
        post.wake()
        return c.json({ now: new Date(clock(state) * 1000).toISOString() })
      })
      app.post('/_test/webhooks', async (c) => {
        state.held = (await c.req.json<{ held: boolean }>()).held
        post.wake()
        return c.json({ held: state.held })
      })
      app.post('/_test/dispute', async (c) => {
        const { intent, inquiry } = await c.req.json<{ intent: string; inquiry?: boolean }>()
        const made = dispute(state, intent, inquiry ? 'warning_needs_response' : 'needs_response')
        post.wake()
        return c.json(made)
      })
      app.post('/_test/move-dispute', async (c) => {
        const { id, status } = await c.req.json<{ id: string; status: string }>()
        moveDispute(state, id, status)
        post.wake()
        return c.json({})
      })
      app.post('/_test/fail-refund', async (c) => {
        failRefund(state, (await c.req.json<{ id: string }>()).id)
        post.wake()
        return c.json({})
      })
      app.post('/_test/keys', async (c) => {
        const given = await c.req.json<{ key: string } & RestrictedKey>()
        const { key, ...rest } = given
        state.keys = { ...state.keys, [key]: rest }
        return c.json({})
      })
      app.get('/_test/state', (c) => c.json(state))
      app.post('/_test/touch', (c) => c.json({}))
    },
  })

  const runtime = await createEmulator({
    service: definition,
    port,
    persistence: {
      load: async () => (saved = await file.load()),
      save: async (data) => {
        if (data === saved) return
        await file.save(data)
        saved = data
        wake()
      },
    },
  })
  touch = () => void runtime.request('/_test/touch', { method: 'POST' }).catch(() => undefined)
  return runtime
}

/** A restricted key that works wherever the emulator does, for the demo. */
const demoKeys: Record<string, RestrictedKey> = { rk_test_curtain_own: { account: 'acct_demo', lacks: [] } }

const barred = (account: string, permission: string) =>
  new StripeError(
    403,
    `The provided key 'rk_test_***' does not have the required permissions for this endpoint on account '${account}'. Having the '${permission}' permission would allow this request to continue.`,
  )

/** The account that a call speaks for, once its key is right. */
function enter(
  authorization: string | undefined,
  secretKey: string,
  account: string | undefined,
  keys: Record<string, RestrictedKey> = {},
): { account: string; lacks: string[] } {
  const [scheme, given = ''] = (authorization ?? '').split(' ')
  const key = scheme === 'Basic' ? Buffer.from(given, 'base64').toString().replace(/:$/, '') : given
  if (!key)
    throw new StripeError(
      401,
      'You did not provide an API key. You need to provide your API key in the Authorization header.',
    )
  if (Object.hasOwn(keys, key)) return keys[key]!
  if (key !== secretKey) throw new StripeError(401, `Invalid API Key provided: ${key.slice(0, 8)}…`)
  if (account && !/^acct_\w+$/.test(account)) throw new StripeError(400, `No such account: '${account}'`)
  return { account: account ?? '', lacks: [] }
}
