import type { Contract } from '../contract.ts'
import type { Refusal } from '../errors.ts'

/** What an action answers here: its own result, or that there is no connection, or that the server failed. */
export type Answer<T> =
  { ok: true; value: T } | Refusal | { ok: false; code: 'OFFLINE' | 'INTERNAL'; fields?: undefined }

export interface CallOptions {
  /** Which session the page speaks for, where an action takes both. */
  as?: 'patient' | 'staff'
  /** The patient that the page speaks for: a browser may hold several. */
  patientId?: string
  /** Tries again for a while when there is no answer: only for actions that may happen twice. */
  retry?: boolean
  signal?: AbortSignal
}

const pauses = [300, 900, 2000, 4000]

/** Calls an action by its name. Never throws for what a server or a network can do; an abort by `signal` does. */
export async function call<Name extends keyof Contract & string>(
  name: Name,
  input: Contract[Name]['in'],
  options: CallOptions = {},
): Promise<Answer<Contract[Name]['out']>> {
  for (let attempt = 0; ; attempt++) {
    const answer = await once<Contract[Name]['out']>(name, input, options)
    const passing = !answer.ok && ['OFFLINE', 'INTERNAL', 'BUSY'].includes(answer.code)
    const wait = options.retry && passing ? pauses[attempt] : undefined
    if (wait === undefined) return answer
    await new Promise((resolve) => setTimeout(resolve, wait))
    options.signal?.throwIfAborted()
  }
}

async function once<T>(name: string, input: unknown, { as, patientId, signal }: CallOptions): Promise<Answer<T>> {
  try {
    const answer = await fetch(`/api/${name}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(as && { 'curtain-as': as }),
        ...(patientId && { 'curtain-patient': patientId }),
      },
      body: JSON.stringify(input),
      signal: signal ?? null,
      cache: 'no-store',
    })
    return (await answer.json()) as Answer<T>
  } catch (error) {
    signal?.throwIfAborted()
    // A proxy's error page instead of JSON: the server is there, and does not work.
    return { ok: false, code: error instanceof SyntaxError ? 'INTERNAL' : 'OFFLINE' }
  }
}
