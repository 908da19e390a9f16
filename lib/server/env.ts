import 'server-only'
import { readFileSync } from 'node:fs'
import { z } from 'zod'

// The only place that reads process.env. Any NAME may be given as NAME_FILE instead: the path of a file that holds it.

const origin = z.url().transform((url) => new URL(url).origin)

const SfuNode = z.object({
  id: z.string().min(1),
  /** Where browsers connect (wss:// in production). */
  url: z.url({ protocol: /^wss?$/ }),
  /** Where this server calls the node's API. */
  api: z.url({ protocol: /^https?$/ }),
  key: z.string().min(1),
  secret: z.string().min(32),
})
export type SfuNode = z.infer<typeof SfuNode>

const json = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    context.addIssue('not JSON')
    return z.NEVER
  }
})

const names = z.string().transform((text) => text.split(/[\s,]+/).filter(Boolean))

const Variables = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('production'),
  /** Where people reach the app: scheme, host and port. */
  APP_ORIGIN: origin,
  /** As curtain_app: neither owner nor superuser, or tenants are not apart. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  DATABASE_POOL: z.coerce.number().int().min(2).default(20),
  NEXTAUTH_URL: origin,
  NEXTAUTH_SECRET: z.string().min(32),
  /** Who wraps the KEKs: a file in KEY_DIR, or a cloud's KMS by the key that KMS_KEY names. */
  KMS: z.enum(['local', 'aws', 'gcp']).default('local'),
  /** AWS: the key's ARN. Google: projects/…/locations/…/keyRings/…/cryptoKeys/…. */
  KMS_KEY: z.string().default(''),
  /** KEKs of contact fields, the index key, the OPAQUE seed and the ticket key. Never in the database's backups. */
  KEY_DIR: z.string().min(1),
  /** The outer layer's keys, one for each patient and class, with backups of their own. */
  KEYSTORE_DIR: z.string().min(1),
  /** A second database for them instead: where more than one machine runs the app. */
  KEYSTORE_URL: z.union([z.literal(''), z.url({ protocol: /^postgres(ql)?$/ })]).default(''),
  /** The KEKs of those keys, replaced nightly: in no backup at all, or what was purged could be brought back. */
  STORE_KEK_DIR: z.string().min(1),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }),
  MAIL_FROM: z.string().min(3),
  /** Text messages by Twilio: the account, one of its API keys, and a number in E.164 or a messaging service. All of them or none. */
  TWILIO_ACCOUNT_SID: z.union([z.literal(''), z.string().regex(/^AC[0-9a-f]{32}$/)]).default(''),
  TWILIO_KEY_SID: z.string().default(''),
  TWILIO_KEY_SECRET: z.string().default(''),
  SMS_FROM: z.union([z.literal(''), z.string().regex(/^(\+[1-9]\d{7,14}|MG[0-9a-f]{32})$/)]).default(''),
  /** Who may send text messages through this account: clinics' names as in /c/NAME, or `*`. None named: see `mayUsePlatform`. */
  SMS_CLINICS: names.default([]),
  /** Another API than Twilio's own: the catcher's. */
  TWILIO_API_BASE: z.union([z.literal(''), origin]).default(''),
  /** Empty: no online payments. */
  STRIPE_SECRET_KEY: z.string().default(''),
  STRIPE_WEBHOOK_SECRET: z.string().default(''),
  /** Another Stripe API than Stripe's own: the emulator's. */
  STRIPE_API_BASE: z.union([z.literal(''), origin]).default(''),
  /** Whose payments may go to this Stripe account: clinics' names as in /c/NAME, or `*`. None named: see `mayUsePlatform`. */
  STRIPE_CLINICS: names.default([]),
  /** Who may open a clinic here: anybody, whoever has the code, or nobody. */
  CLINIC_SIGNUP: z.enum(['open', 'code', 'closed']).default('closed'),
  CLINIC_SIGNUP_CODE: z.string().default(''),
  LIVEKIT_NODES: json.pipe(z.array(SfuNode).min(1)),
  /** Where browsers ask how far this installation's chains were seen to go, and the key that signs it. Both or neither. */
  WITNESS_URL: z
    .union([z.literal(''), z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/$/, ''))])
    .default(''),
  WITNESS_KEY: z.union([z.literal(''), z.string().regex(/^[\w-]{43}$/)]).default(''),
  /** Where practitioners' calendars may be read from: the public internet, or the operator's own network too. */
  CALENDAR_NETWORKS: z.enum(['public', 'any']).default('public'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Multiplies every rate limit; more than 1 only for load tests. */
  RATE_LIMIT_FACTOR: z.coerce.number().min(1).default(1),
  /** How many proxies of ours stand in front and append to X-Forwarded-For. Never none: a caller could then choose an address. */
  TRUSTED_PROXIES: z.coerce.number().int().min(1).default(1),
})
export const Env = Variables.refine(
  ({ CLINIC_SIGNUP, CLINIC_SIGNUP_CODE }) => CLINIC_SIGNUP !== 'code' || CLINIC_SIGNUP_CODE.length >= 12,
  { path: ['CLINIC_SIGNUP_CODE'], error: 'at least 12 characters, since CLINIC_SIGNUP asks for it' },
)
  .refine(({ KMS, KMS_KEY }) => KMS === 'local' || KMS_KEY, {
    path: ['KMS_KEY'],
    error: 'the name of the key, since KMS asks for it',
  })
  .refine(({ DATABASE_URL, KEYSTORE_URL }) => DATABASE_URL !== KEYSTORE_URL, {
    path: ['KEYSTORE_URL'],
    error: "a database of its own: in the other's backups its keys would be with what they open",
  })
  .refine(({ KEY_DIR, KEYSTORE_DIR, STORE_KEK_DIR }) => new Set([KEY_DIR, KEYSTORE_DIR, STORE_KEK_DIR]).size === 3, {
    path: ['STORE_KEK_DIR'],
    error: 'a directory of its own: what has backups may not hold it',
  })
  .refine(({ WITNESS_URL, WITNESS_KEY }) => Boolean(WITNESS_URL) === Boolean(WITNESS_KEY), {
    path: ['WITNESS_KEY'],
    error: 'goes together with WITNESS_URL',
  })
  .refine(
    (each) =>
      new Set(
        [each.TWILIO_ACCOUNT_SID, each.TWILIO_KEY_SID, each.TWILIO_KEY_SECRET, each.SMS_FROM].map(
          (value) => value !== '',
        ),
      ).size === 1,
    { path: ['TWILIO_ACCOUNT_SID'], error: 'goes together with TWILIO_KEY_SID, TWILIO_KEY_SECRET and SMS_FROM' },
  )
export type Env = z.infer<typeof Env>

let parsed: Env | null = null

/** The environment, checked once. Throws with every fault named, and no value shown. */
export function env(): Env {
  return (parsed ??= parseEnv(process.env))
}

export function parseEnv(source: Record<string, string | undefined>): Env {
  const given: Record<string, string> = {}
  for (const name of Object.keys(Env.shape)) {
    const file = source[`${name}_FILE`]
    const value = source[name] ?? (file ? readFileSync(file, 'utf8').trim() : undefined)
    if (value !== undefined) given[name] = value
  }
  const result = Env.safeParse(given)
  if (result.success) return result.data
  const faults = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  // Names only, so that the log may show it.
  throw Object.assign(new Error(`The environment is not complete:\n  ${faults.join('\n  ')}`), { plain: true })
}
