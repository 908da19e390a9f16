// The emulator as a child process, for tests; and a place for its webhooks to go.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { node, pathWithBin, root } from '../base.mjs'
import { freePorts, httpAnswers, Part, pause } from '../stack/part.ts'
import type { State } from './state.ts'

export const secretKey = 'sk_test_emulator'
export const webhookSecret = 'whsec_emulator'

export interface StripeChild {
  url: string
  env: Record<string, string>
  start: () => Promise<void>
  /** Kills it as a crash would. */
  kill: () => Promise<void>
  state: () => Promise<State>
  clock: (change: { now?: string; advance?: number }) => Promise<void>
  /** A restricted key of an account of its own. */
  key: (key: string, account: string, lacks?: string[]) => Promise<void>
  hold: (held: boolean) => Promise<void>
  /** What the payer presses. Answers where the browser is sent. */
  press: (sessionId: string, button: 'pay' | 'decline') => Promise<string>
  /** The payer's bank questions a payment. Answers the dispute's id. */
  dispute: (intent: string, inquiry?: boolean) => Promise<string>
  moveDispute: (id: string, status: string) => Promise<void>
  /** The bank sends a refund back. */
  failRefund: (id: string) => Promise<void>
  down: () => Promise<void>
}

/** Starts an emulator of its own: its data in a fresh folder, its webhooks to `webhookUrl`. */
export async function stripeChild(webhookUrl = ''): Promise<StripeChild> {
  const home = mkdtempSync(join(tmpdir(), 'curtain-stripe-'))
  const port = await freePorts(1)
  const env = { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret }
  const part = new Part({
    name: 'stripe',
    title: 'The Stripe emulator',
    command: node,
    args: [join(root, 'scripts', 'stripe-emulator.mjs')],
    options: {
      env: {
        PATH: pathWithBin(),
        NODE_ENV: 'test',
        PORT: String(port),
        DATA_DIR: join(home, 'data'),
        WEBHOOK_URL: webhookUrl,
        ...env,
      },
    },
    // It listens before it has read what it kept, and refuses every call until then.
    ready: httpAnswers(`http://127.0.0.1:${port}/_test/state`),
    logDir: home,
  })
  const url = `http://localhost:${port}`
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`)
    return answer.json()
  }
  await part.start()
  return {
    url,
    env: { ...env, STRIPE_API_BASE: url },
    start: () => part.start(),
    kill: () => part.stop('SIGKILL'),
    state: async () => (await fetch(`${url}/_test/state`)).json() as Promise<State>,
    clock: async (change) => void (await post('/_test/clock', change)),
    dispute: async (intent, inquiry = false) =>
      ((await post('/_test/dispute', { intent, inquiry })) as { id: string }).id,
    moveDispute: async (id, status) => void (await post('/_test/move-dispute', { id, status })),
    failRefund: async (id) => void (await post('/_test/fail-refund', { id })),
    key: async (key, account, lacks = []) => void (await post('/_test/keys', { key, account, lacks })),
    hold: async (held) => void (await post('/_test/webhooks', { held })),
    press: async (sessionId, button) => {
      const answer = await fetch(`${url}/c/pay/${sessionId}/${button}`, { method: 'POST', redirect: 'manual' })
      return answer.headers.get('location') ?? ''
    },
    down: async () => {
      await part.stop()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

export interface Delivery {
  body: string
  signature: string
}

/** Takes webhooks and answers them with whatever `answer` says. */
export async function webhookSink(answer: (delivery: Delivery) => number = () => 200) {
  const taken: Delivery[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const delivery = {
        body: Buffer.concat(chunks).toString(),
        signature: String(request.headers['stripe-signature']),
      }
      response.writeHead(answer(delivery)).end()
      taken.push(delivery)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    taken,
    types: () => taken.map(({ body }) => (JSON.parse(body) as { type: string }).type),
    down: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** Waits until `check` is true, and fails after a while. */
export async function until(check: () => boolean | Promise<boolean>, what: string, within = 10_000): Promise<void> {
  const deadline = Date.now() + within
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`)
    await pause(25)
  }
}
