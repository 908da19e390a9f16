// Where the parts of a stack are found, and what they are told.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SfuNode } from './livekit.ts'

export interface StackFacts {
  baseUrl: string
  mailboxUrl: string
  stripeUrl: string
  databaseUrl: string
  ownerUrl: string
  adminUrl: string
  sfu: SfuNode[]
  env: Record<string, string>
}

export interface Secrets {
  admin: string
  owner: string
  app: string
  auth: string
  webhook: string
  livekitKey: string
  livekitSecret: string
}

/** Made once for a home, and kept there. */
export function loadSecrets(home: string): Secrets {
  const file = join(home, 'secrets.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  const fresh = () => randomBytes(24).toString('hex')
  const secrets = {
    admin: fresh(),
    owner: fresh(),
    app: fresh(),
    auth: fresh(),
    webhook: `whsec_${fresh()}`,
    livekitKey: `API${randomBytes(6).toString('hex')}`,
    livekitSecret: fresh(),
  }
  // Passwords live in the database too: new ones mean a new database.
  rmSync(join(home, 'pg-ready'), { force: true })
  writeFileSync(file, JSON.stringify(secrets, null, 2), { mode: 0o600 })
  return secrets
}

/** All addresses of a stack, from its base port up, and the app's environment. */
export function describe(
  home: string,
  options: { portBase: number; sfuNodes?: number; env?: Record<string, string> },
  secrets: Secrets,
): StackFacts {
  const { portBase } = options
  const url = (role: string, password: string, database: string) =>
    `postgresql://${role}:${password}@127.0.0.1:${portBase + 4}/${database}`
  const sfu = Array.from({ length: options.sfuNodes ?? 1 }, (_, index): SfuNode => {
    const port = portBase + 5 + 3 * index
    return {
      id: `sfu-${index}`,
      url: `ws://127.0.0.1:${port}`,
      api: `http://127.0.0.1:${port}`,
      key: secrets.livekitKey,
      secret: secrets.livekitSecret,
    }
  })
  const facts = {
    baseUrl: `http://localhost:${portBase}`,
    mailboxUrl: `http://localhost:${portBase + 1}`,
    stripeUrl: `http://localhost:${portBase + 3}`,
    databaseUrl: url('curtain_app', secrets.app, 'curtain'),
    ownerUrl: url('curtain_owner', secrets.owner, 'curtain'),
    adminUrl: url('postgres', secrets.admin, 'curtain'),
    sfu,
  }
  const env = {
    APP_ORIGIN: facts.baseUrl,
    DATABASE_URL: facts.databaseUrl,
    NEXTAUTH_URL: facts.baseUrl,
    NEXTAUTH_SECRET: secrets.auth,
    KEY_DIR: join(home, 'keys'),
    KEYSTORE_DIR: join(home, 'keystore'),
    STORE_KEK_DIR: join(home, 'store-kek'),
    SMTP_URL: `smtp://127.0.0.1:${portBase + 2}`,
    MAIL_FROM: 'Curtain <no-reply@curtain.test>',
    // The mail catcher takes them, and shows them beside the mails.
    TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
    TWILIO_KEY_SID: `SK${'0'.repeat(32)}`,
    TWILIO_KEY_SECRET: 'nobody-asks',
    TWILIO_API_BASE: facts.mailboxUrl,
    SMS_FROM: '+15005550006',
    STRIPE_SECRET_KEY: 'sk_test_curtain_demo',
    STRIPE_WEBHOOK_SECRET: secrets.webhook,
    STRIPE_API_BASE: facts.stripeUrl,
    STRIPE_CLINICS: '*',
    SMS_CLINICS: '*',
    CLINIC_SIGNUP: 'open',
    LIVEKIT_NODES: JSON.stringify(sfu),
    LOG_LEVEL: 'info',
    ...options.env,
  }
  return { ...facts, env }
}
