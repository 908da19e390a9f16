import 'server-only'
import { env } from './env.ts'

/** Whether this installation can send text messages at all. */
export const canText = (): boolean => env().TWILIO_ACCOUNT_SID !== ''

/** Twilio's answer that it takes no message, or that it is not known whether it did. Says nothing of the message. */
export class TextFailed extends Error {
  /** HTTP status; null without an answer. */
  readonly status: number | null
  /** The connection was never made: nothing was sent. */
  readonly unsent: boolean
  constructor(status: number | null, unsent: boolean) {
    super('text message failed')
    this.status = status
    this.unsent = unsent
  }
}

const neverConnected = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]

/**
 * Hands one text message to Twilio (Messages.json), or throws TextFailed. Twilio takes no key for repeats: whoever calls it twice sends
 * twice.
 */
export async function sendText({ to, text }: { to: string; text: string }): Promise<void> {
  const { TWILIO_ACCOUNT_SID, TWILIO_KEY_SID, TWILIO_KEY_SECRET, TWILIO_API_BASE, SMS_FROM } = env()
  const from: [string, string] = SMS_FROM.startsWith('MG') ? ['MessagingServiceSid', SMS_FROM] : ['From', SMS_FROM]
  const base = TWILIO_API_BASE || 'https://api.twilio.com'
  const answer = await fetch(`${base}/2010-04-01/Accounts/${TWILIO_ACCOUNT_SID}/Messages.json`, {
    method: 'POST',
    redirect: 'error',
    signal: AbortSignal.timeout(20_000),
    headers: { authorization: `Basic ${Buffer.from(`${TWILIO_KEY_SID}:${TWILIO_KEY_SECRET}`).toString('base64')}` },
    body: new URLSearchParams([['To', to], from, ['Body', text]]),
  }).catch((error: Error) => {
    const code = (error.cause as { code?: string } | undefined)?.code ?? ''
    throw new TextFailed(null, neverConnected.includes(code))
  })
  // Read to its end, so that the connection is free again; it may quote the message, and is kept nowhere.
  await answer.arrayBuffer().catch(() => undefined)
  if (!answer.ok) throw new TextFailed(answer.status, false)
}
