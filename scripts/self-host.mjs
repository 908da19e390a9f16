// `node scripts/self-host.mjs DOMAIN`: writes .env and secrets/ for docker-compose.yml. What exists already is kept.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { callCodecs } from './base.mjs'

/** Writes what is missing under `dir`; answers the names of the files written. */
export function prepare(dir, domain) {
  if (!/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/.test(domain))
    throw new Error(`“${domain}” is not a domain name such as clinic.example.org`)
  const written = []
  mkdirSync(join(dir, 'secrets'), { recursive: true, mode: 0o700 })
  const put = (name, make) => {
    const file = join(dir, name)
    if (!existsSync(file)) {
      // The containers' users read these through compose; the folder keeps others on this machine out.
      writeFileSync(file, make(), { mode: 0o644 })
      written.push(name)
    }
    return readFileSync(file, 'utf8').trim()
  }
  const secret = () => randomBytes(32).toString('base64url')
  const owner = put('secrets/owner_password', secret)
  const app = put('secrets/app_password', secret)
  put('secrets/postgres_password', secret)
  put('secrets/database_url', () => `postgresql://curtain_app:${app}@postgres:5432/curtain`)
  put('secrets/database_owner_url', () => `postgresql://curtain_owner:${owner}@postgres:5432/curtain`)
  put('secrets/auth_secret', secret)
  put('secrets/signup_code', secret)
  // Filled in by hand: mail is needed, Twilio and Stripe may stay empty.
  put('secrets/smtp_url', () => 'smtp://user:password@mail.example.org:587')
  put('secrets/twilio_key_secret', () => '')
  put('secrets/stripe_secret_key', () => '')
  put('secrets/stripe_webhook_secret', () => '')
  const nodes = put('secrets/livekit_nodes', () =>
    JSON.stringify([
      {
        id: 'one',
        url: `wss://video.${domain}`,
        api: 'http://host.docker.internal:7880',
        key: `API${randomBytes(9).toString('hex')}`,
        secret: secret(),
      },
    ]),
  )
  const [node] = JSON.parse(nodes)
  put(
    'secrets/livekit_config',
    () => `port: 7880
bind_addresses: ['0.0.0.0']
redis: { address: '127.0.0.1:6379' }
rtc: { port_range_start: 50000, port_range_end: 60000, tcp_port: 7881, use_external_ip: true }
room:
  auto_create: false
  enabled_codecs: [${callCodecs.map((mime) => `{ mime: ${mime} }`).join(', ')}]
  max_participants: 8
  empty_timeout: 60
keys: { ${node.key}: ${node.secret} }
logging: { level: warn }
`,
  )
  put('.env', () => `DOMAIN=${domain}\nMAIL_FROM=no-reply@${domain}\n`)
  return written
}

if (process.argv[1] && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  try {
    const written = prepare(process.cwd(), process.argv[2] ?? '')
    process.stdout.write(
      written.length
        ? `Wrote ${written.join(', ')}.\nNow put your mail server into secrets/smtp_url (and Stripe's keys beside it, if you take payments), point ${process.argv[2]} and video.${process.argv[2]} at this machine, and run: docker compose up -d\nWhoever opens a clinic here types the code in secrets/signup_code.\n`
        : 'Everything is there already; nothing was changed.\n',
    )
  } catch (error) {
    process.stderr.write(`${error.message}\nUsage: node scripts/self-host.mjs clinic.example.org\n`)
    process.exit(1)
  }
}
