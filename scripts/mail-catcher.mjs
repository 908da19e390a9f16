// A mailbox for development and tests: takes every mail by SMTP and every text message as Twilio does, keeps it on disk, shows it in a browser.
import PostalMime from 'postal-mime'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SMTPServer } from 'smtp-server'

const { MAIL_DIR: dir, SMTP_PORT: smtpPort, HTTP_PORT: httpPort } = process.env
mkdirSync(dir, { recursive: true })

const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  size: 10 * 1024 * 1024,
  disableReverseLookup: true,
  onData(stream, session, done) {
    const chunks = []
    stream.on('data', (chunk) => chunks.push(chunk))
    stream.on('error', done)
    stream.on('end', () => {
      try {
        keep(Buffer.concat(chunks), session.envelope)
        done()
      } catch (error) {
        done(error)
      }
    })
  },
})
smtp.on('error', (error) => console.error(error.message))
smtp.listen(Number(smtpPort), '127.0.0.1')

/** Written whole under another name first: a kill in the middle leaves no half mail. */
function keep(raw, envelope) {
  const id = `${String(Date.now()).padStart(14, '0')}-${createHash('sha256').update(raw).digest('hex').slice(0, 10)}`
  writeFileSync(join(dir, `${id}.tmp`), raw)
  writeFileSync(join(dir, `${id}.to.json`), JSON.stringify(envelope.rcptTo.map((to) => to.address)))
  renameSync(join(dir, `${id}.tmp`), join(dir, `${id}.eml`))
}

/** Twilio's Messages.json, as far as it is used: who may, what is refused, and a text that lies in the mailbox under its number. */
async function takeText(request, send) {
  const fail = (status, code) => send(status, 'application/json', JSON.stringify({ status, code, message: 'Refused' }))
  if (!/^Basic [\w+/]+=*$/.test(request.headers.authorization ?? '')) return fail(401, 20003)
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const form = new URLSearchParams(Buffer.concat(chunks).toString())
  const [to, text] = [form.get('To') ?? '', form.get('Body') ?? '']
  const from = form.get('From') ?? form.get('MessagingServiceSid')
  if (!from || !text || text.length > 1600) return fail(400, 21602)
  if (!/^\+[1-9]\d{7,14}$/.test(to)) return fail(400, 21211)
  const head = `From: ${from}@sms.test\r\nTo: ${to}@sms.test\r\nSubject: Text message\r\nDate: ${new Date().toUTCString()}`
  const type = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64'
  const raw = `${head}\r\n${type}\r\n\r\n${Buffer.from(text).toString('base64')}\r\n`
  keep(Buffer.from(raw), { rcptTo: [{ address: to }] })
  const sid = `SM${createHash('sha256').update(`${raw}${Math.random()}`).digest('hex').slice(0, 32)}`
  send(201, 'application/json', JSON.stringify({ sid, status: 'queued', to, from }))
}

const ids = () =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => name.slice(0, -4))
    .sort()
    .reverse()

const parsed = new Map()
async function message(id) {
  if (!parsed.has(id)) {
    const mail = await PostalMime.parse(readFileSync(join(dir, `${id}.eml`)))
    const attachments = mail.attachments.map((part, index) => ({
      index,
      name: part.filename ?? 'attachment',
      type: part.mimeType,
      content: part.content,
    }))
    const to = JSON.parse(readFileSync(join(dir, `${id}.to.json`), 'utf8'))
    parsed.set(id, {
      id,
      from: mail.from?.address,
      to,
      subject: mail.subject ?? '',
      date: mail.date,
      text: mail.text ?? '',
      html: mail.html ?? null,
      attachments,
    })
  }
  return parsed.get(id)
}
const bare = (mail) => ({ ...mail, attachments: mail.attachments.map(({ content: _, ...rest }) => rest) })

const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
const linked = (text) =>
  escape(text).replace(
    /https?:&#47;&#47;\S+|https?:\/\/[^\s<]+/g,
    (url) => `<a href="${url}" target="_blank" rel="noreferrer">${url}</a>`,
  )

const page = (
  body,
) => `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Mailbox</title>
<style>body{font:16px/1.5 system-ui;max-width:56rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}a{color:LinkText}
li{margin:.75rem 0}pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}iframe{width:100%;height:32rem;border:1px solid #8888}small{opacity:.7}</style>${body}</html>`

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost')
  const send = (status, type, body, headers = {}) => {
    const policy =
      "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; img-src data:; frame-ancestors 'self'"
    response
      .writeHead(status, {
        'content-type': type,
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        ...headers,
      })
      .end(body)
  }
  const json = (value) => send(200, 'application/json', JSON.stringify(value))
  try {
    const [, kind, id, part] =
      /^\/(api\/messages|message|raw|html|attachment)(?:\/([\w-]+))?(?:\/(\d+))?$/.exec(url.pathname) ?? []
    if (url.pathname === '/health') return json({ ok: true })
    if (request.method === 'POST' && /^\/2010-04-01\/Accounts\/AC\w{32}\/Messages\.json$/.test(url.pathname))
      return await takeText(request, send)
    if (request.method === 'DELETE' && kind === 'api/messages') {
      for (const name of readdirSync(dir)) rmSync(join(dir, name), { force: true })
      parsed.clear()
      return json({ ok: true })
    }
    if (kind === 'api/messages' && !id) {
      const to = url.searchParams.get('to')?.toLowerCase()
      const all = await Promise.all(ids().map(message))
      return json(all.filter((mail) => !to || mail.to.some((address) => address.toLowerCase() === to)).map(bare))
    }
    if (id && !ids().includes(id)) return send(404, 'text/plain', 'No such mail.')
    if (kind === 'api/messages') return json(bare(await message(id)))
    if (kind === 'raw')
      return send(200, 'message/rfc822', readFileSync(join(dir, `${id}.eml`)), {
        'content-disposition': `attachment; filename="${id}.eml"`,
      })
    if (kind === 'html')
      return send(200, 'text/html; charset=utf-8', (await message(id)).html ?? '', {
        'content-security-policy': "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
      })
    if (kind === 'attachment') {
      const file = (await message(id)).attachments[Number(part)]
      if (!file) return send(404, 'text/plain', 'No such attachment.')
      return send(200, file.type, Buffer.from(file.content), {
        'content-disposition': `attachment; filename="${file.name.replace(/[^\w.-]/g, '_')}"`,
      })
    }
    if (kind === 'message') {
      const mail = await message(id)
      const files = mail.attachments
        .map((file) => `<a href="/attachment/${id}/${file.index}">${escape(file.name)}</a>`)
        .join(' · ')
      const html = mail.html
        ? `<h2>As HTML</h2><iframe sandbox="allow-popups" src="/html/${id}" title="Mail"></iframe>`
        : ''
      return send(
        200,
        'text/html; charset=utf-8',
        page(
          `<p><a href="/">All mails</a> · <a href="/raw/${id}">Raw .eml</a> ${files && `· ${files}`}</p><h1>${escape(mail.subject)}</h1><p><small>to ${escape(mail.to.join(', '))}, from ${escape(mail.from)}</small></p><pre>${linked(mail.text)}</pre>${html}`,
        ),
      )
    }
    if (url.pathname !== '/') return send(404, 'text/plain', 'Nothing here.')
    const items = (await Promise.all(ids().map(message))).map(
      (mail) =>
        `<li><a href="/message/${mail.id}">${escape(mail.subject || '(no subject)')}</a><br><small>to ${escape(mail.to.join(', '))} · ${escape(mail.date ?? '')}</small></li>`,
    )
    send(200, 'text/html; charset=utf-8', page(`<h1>Mailbox</h1><ul>${items.join('') || '<li>No mail yet.</li>'}</ul>`))
  } catch (error) {
    send(500, 'text/plain', error.message)
  }
})
server.listen(Number(httpPort), '127.0.0.1')

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
