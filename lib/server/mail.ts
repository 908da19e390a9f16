import 'server-only'
import nodemailer, { type Transporter } from 'nodemailer'
import { env } from './env.ts'

export interface Mail {
  to: string
  subject: string
  text: string
  html?: string
  /** A calendar file, shown by mail programs as an invitation. */
  ics?: { name: string; content: string; method: 'PUBLISH' | 'REQUEST' | 'CANCEL' }
  /** The same mail sent again (a job tried twice) keeps its id, so that mail programs show one. */
  messageId?: string
}

let transport: Transporter | null = null

/** Sends one mail, or throws. Call it from a job, after the commit. */
export async function sendMail({ to, subject, text, html, ics, messageId }: Mail): Promise<void> {
  transport ??= nodemailer.createTransport({
    url: env().SMTP_URL,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  })
  const host = new URL(env().APP_ORIGIN).hostname
  await transport.sendMail({
    from: env().MAIL_FROM,
    to: { name: '', address: to },
    subject,
    text,
    html,
    messageId: messageId && `<${messageId}@${host}>`,
    icalEvent: ics && { filename: ics.name, content: ics.content, method: ics.method },
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}
