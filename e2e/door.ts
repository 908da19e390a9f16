// A client of the JSON door without a browser: cookies of its own, and the Origin that a page of ours would send.
import type { Contract } from '../lib/contract.ts'
import type { Refusal } from '../lib/errors.ts'

export type Reply<T> = ({ ok: true; value: T } | Refusal) & { status: number }

export class Door {
  readonly baseUrl: string
  readonly cookies = new Map<string, string>()
  /** Sent with every request. */
  headers: Record<string, string> = {}

  constructor(baseUrl: string) {
    this.baseUrl = baseUrl
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const answer = await fetch(`${this.baseUrl}${path}`, {
      redirect: 'manual',
      ...init,
      headers: {
        // A connection kept open may be closed from there just as it is used again, while this process was busy with keys.
        connection: 'close',
        origin: this.baseUrl,
        'sec-fetch-site': 'same-origin',
        ...this.headers,
        ...(this.cookies.size && { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
        ...(init.headers as Record<string, string> | undefined),
      },
    })
    for (const line of answer.headers.getSetCookie()) {
      const [pair] = line.split(';')
      const at = pair!.indexOf('=')
      this.cookies.set(pair!.slice(0, at), pair!.slice(at + 1))
    }
    return answer
  }

  /** Anything at all as the body of an action: for what no page of ours would send. */
  async post(name: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply<unknown>> {
    const answer = await this.fetch(`/api/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    const text = await answer.text()
    try {
      return { ...(JSON.parse(text) as Reply<unknown>), status: answer.status }
    } catch {
      throw new Error(`${name} answered ${answer.status} and no JSON: ${text.slice(0, 300)}`)
    }
  }

  ask<Name extends keyof Contract & string>(
    name: Name,
    input: Contract[Name]['in'],
    headers?: Record<string, string>,
  ): Promise<Reply<Contract[Name]['out']>> {
    return this.post(name, input, headers) as Promise<Reply<Contract[Name]['out']>>
  }

  /** The same where a refusal is the test's own fault. */
  async get<Name extends keyof Contract & string>(
    name: Name,
    input: Contract[Name]['in'],
    headers?: Record<string, string>,
  ): Promise<Contract[Name]['out']> {
    const answer = await this.ask(name, input, headers)
    if (!answer.ok) throw new Error(`${name}: ${answer.code} ${JSON.stringify(answer.fields ?? {})}`)
    return answer.value
  }
}
