import 'server-only'
import { Transform } from 'node:stream'
import nodemailer, { type Transporter } from 'nodemailer'
import type MailMessage from 'nodemailer/lib/mailer/mail-message'
import { env } from './env.ts'

export interface CalendarFile {
  name: string
  content: string
  method: 'PUBLISH' | 'REQUEST' | 'CANCEL'
}

export interface Mail {
  to: string
  subject: string
  text: string
  html?: string
  /** A calendar file, shown by mail programs as an invitation. */
  ics?: CalendarFile
  /** Further ones: what ends several events is a file for each (RFC 5546, 3.2.5). */
  files?: CalendarFile[]
  /** The same mail sent again (a job tried twice) keeps its id, so that mail programs show one. */
  messageId?: string
  /** Where a mail program's own "unsubscribe" leads: one POST there is enough (RFC 8058). */
  unsubscribe?: string
  /** Asked when the server has all of the mail but its end, without which it takes nothing. On no, or a fault, the mail is not sent. */
  mayEnd?: () => Promise<boolean>
}

let transport: Transporter | null = null

/** Sends one mail, or throws; false where `mayEnd` said no. Call it from a job, after the commit. */
export async function sendMail({
  to,
  subject,
  text,
  html,
  ics,
  files = [],
  messageId,
  unsubscribe,
  mayEnd,
}: Mail): Promise<boolean> {
  transport ??= open()
  const host = new URL(env().APP_ORIGIN).hostname
  const gate = mayEnd && gateOf(mayEnd)
  const sending = transport.sendMail({
    from: env().MAIL_FROM,
    to: { name: '', address: to },
    subject,
    text,
    html,
    messageId: messageId && `<${messageId}@${host}>`,
    icalEvent: ics && { filename: ics.name, content: ics.content, method: ics.method },
    attachments: files.map(({ name, content, method }) => ({
      ...{ filename: name, content },
      contentType: `text/calendar; charset=utf-8; method=${method}`,
    })),
    headers: unsubscribe
      ? {
          'List-Unsubscribe': { prepared: true, value: `<${unsubscribe}>` },
          'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
        }
      : {},
    disableFileAccess: true,
    disableUrlAccess: true,
    ...{ gate: gate?.stream },
  })
  if (!gate) return Boolean(await sending)
  sending.catch(gate.giveUp)
  // Where the gate stays shut the connection runs into its time limit, and the server throws away what it got.
  return Promise.race([sending.then(() => true), gate.shut])
}

function open(): Transporter {
  const made = nodemailer.createTransport({
    url: env().SMTP_URL,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  })
  made.use('stream', (mail: MailMessage, done) => {
    const { gate } = mail.data as { gate?: Transform }
    // The last of its stages, which the connection reads once the server has said that it takes a mail.
    if (gate) mail.message.processFunc((whole) => whole.pipe(gate))
    done()
  })
  return made
}

/** Lets all of a mail through and holds its end back until it is asked for. `shut` settles only when there is no end. */
function gateOf(mayEnd: () => Promise<boolean>) {
  const { promise: shut, resolve, reject } = Promise.withResolvers<false>()
  let isLost = false
  const stream = new Transform({
    // Nothing waits in it: its end is asked for only when the connection has read all that came before.
    readableHighWaterMark: 1,
    transform: (chunk, _, done) => done(null, chunk),
    // A connection that failed reads on as well, to be rid of it; by the next turn of the loop that is known.
    flush: (done) =>
      void setImmediate(() => {
        if (!isLost) void mayEnd().then((yes) => (yes ? done() : resolve(false)), reject)
      }),
  })
  const giveUp = () => {
    isLost = true
  }
  return { stream, shut, giveUp }
}
