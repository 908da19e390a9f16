import 'server-only'
import { request as plain, type IncomingMessage } from 'node:http'
import { request as secure } from 'node:https'
import { useAgent } from 'request-filtering-agent'
import { env } from './env.ts'

// Addresses that somebody typed are read from here alone: never one of the operator's own network, whatever its name resolves to,
// and no more of it than is wanted.

/** Why nothing was read. It never quotes the address, which may be a secret. */
export class OutsideFailed extends Error {
  readonly why: 'not-allowed' | 'unreachable' | 'refused' | 'too-large'
  constructor(why: OutsideFailed['why']) {
    super(`outside: ${why}`)
    this.why = why
  }
}

const mostRedirects = 4

export interface Outside {
  text: string
  etag: string | null
}

/**
 * Reads a text from elsewhere; null when it is as it was by its `etag`. Only https, and only addresses of the public internet, unless
 * the operator lets calendars be read from its own network (CALENDAR_NETWORKS).
 */
export async function readOutside(
  address: string,
  { etag = null, maxBytes, seconds }: { etag?: string | null; maxBytes: number; seconds: number },
): Promise<Outside | null> {
  const late = AbortSignal.timeout(seconds * 1000)
  let url = new URL(address)
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const answer = await ask(url, etag, late)
    const { statusCode = 0, headers } = answer
    if (statusCode === 304) {
      answer.destroy()
      return null
    }
    if (statusCode >= 300 && statusCode < 400 && headers.location) {
      answer.destroy()
      if (!URL.canParse(headers.location, url.href)) throw new OutsideFailed('refused')
      url = new URL(headers.location, url)
      continue
    }
    if (statusCode !== 200) {
      answer.destroy()
      throw new OutsideFailed('refused')
    }
    return { text: await textOf(answer, maxBytes), etag: headers.etag ?? null }
  }
  throw new OutsideFailed('refused')
}

function ask(url: URL, etag: string | null, signal: AbortSignal): Promise<IncomingMessage> {
  const isHome = env().CALENDAR_NETWORKS === 'any'
  if (url.protocol !== 'https:' && !(isHome && url.protocol === 'http:')) throw new OutsideFailed('not-allowed')
  const headers = {
    accept: 'text/calendar, text/plain;q=0.5',
    'accept-encoding': 'identity',
    'user-agent': 'Curtain',
    ...(etag && { 'if-none-match': etag }),
  }
  const agent = useAgent(url.href, { allowPrivateIPAddress: isHome, allowMetaIPAddress: isHome })
  return new Promise((resolve, fail) => {
    const asked = (url.protocol === 'https:' ? secure : plain)(url, { agent, headers, signal }, resolve)
    // The filter names what it refused; nothing else here says "is not allowed".
    asked.on('error', (error) =>
      fail(new OutsideFailed(/is not allowed/.test(error.message) ? 'not-allowed' : 'unreachable')),
    )
    asked.end()
  })
}

async function textOf(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.byteLength
      if (size > maxBytes) throw new OutsideFailed('too-large')
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof OutsideFailed ? error : new OutsideFailed('unreachable')
  }
  return Buffer.concat(chunks).toString('utf8')
}
