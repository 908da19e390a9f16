// Stripe's form encoding, read back and checked as strictly as Stripe does: what it would refuse, this refuses.

export type Tree = string | { [name: string]: Tree }
type Node = Record<string, Tree>

/** A refusal in Stripe's own form. */
export class StripeError extends Error {
  readonly status: number
  readonly body: { error: { type: string; code?: string; param?: string; message: string } }
  constructor(status: number, message: string, more: { type?: string; code?: string; param?: string } = {}) {
    super(message)
    this.status = status
    this.body = { error: { type: 'invalid_request_error', message, ...more } }
  }
}

const bad = (message: string, param: string, code?: string) => new StripeError(400, message, { code, param })

/** `a[b][0]=c` → {a: {b: {0: c}}} */
export function parseForm(body: string): Node {
  const top: Node = Object.create(null) as Node
  for (const [name, value] of new URLSearchParams(body)) {
    const path = name.split('[').map((part, index) => (index ? part.replace(/\]$/, '') : part))
    let at = top
    path.forEach((part, index) => {
      const key = part === '' ? String(Object.keys(at).length) : part
      if (index === path.length - 1) at[key] = value
      else {
        const next = at[key]
        at = typeof next === 'object' ? next : ((at[key] = Object.create(null) as Node) as Node)
      }
    })
  }
  return top
}

/** Answers the value as Stripe understands it, or throws what Stripe would answer. */
export type Check<T = unknown> = (value: Tree, at: string) => T

const text =
  (longest = 5000): Check<string> =>
  (value, at) => {
    if (typeof value !== 'string') throw bad(`Invalid string: ${at}`, at)
    if (value === '')
      throw bad(
        `You passed an empty string for '${at}'. We assume empty values are an attempt to unset a parameter; however '${at}' cannot be unset.`,
        at,
        'parameter_invalid_empty',
      )
    if (value.length > longest) throw bad(`Invalid string: ${at} must be at most ${longest} characters`, at)
    return value
  }

const integer =
  ({ min = 0, max = 99_999_999 } = {}): Check<number> =>
  (value, at) => {
    if (typeof value !== 'string' || !/^-?\d+$/.test(value))
      throw bad(`Invalid integer: ${String(value)}`, at, 'parameter_invalid_integer')
    const number = Number(value)
    if (number < min) throw bad(`This value must be greater than or equal to ${min}.`, at, 'parameter_invalid_integer')
    if (number > max) throw bad(`This value must be less than or equal to ${max}.`, at, 'parameter_invalid_integer')
    return number
  }

const oneOf =
  (...allowed: string[]): Check<string> =>
  (value, at) => {
    if (typeof value === 'string' && allowed.includes(value)) return value
    throw bad(`Invalid ${at}: must be one of ${allowed.join(', ')}`, at)
  }

const url: Check<string> = (value, at) => {
  const given = text()(value, at)
  // The template's braces are Stripe's own; everything else must parse.
  if (/^https?:\/\//.test(given) && URL.canParse(given)) return given
  throw bad('Not a valid URL', at, 'url_invalid')
}

const metadata: Check<Record<string, string>> = (value, at) => {
  if (typeof value !== 'object') throw bad('Invalid object', at)
  const entries = Object.entries(value)
  if (entries.length > 50) throw bad('You can have up to 50 metadata keys.', at)
  for (const [key, each] of entries) {
    if (key.length > 40) throw bad(`Metadata keys must be at most 40 characters.`, `${at}[${key}]`)
    if (typeof each !== 'string' || each.length > 500)
      throw bad('Metadata values must be at most 500 characters.', `${at}[${key}]`)
  }
  return Object.fromEntries(entries) as Record<string, string>
}

const list =
  <T>(each: Check<T>): Check<T[]> =>
  (value, at) => {
    if (typeof value !== 'object') throw bad('Invalid array', at)
    return Object.entries(value).map(([index, item]) => each(item, `${at}[${index}]`))
  }

type Fields = Record<string, Check>
type Shaped<F extends Fields> = { [K in keyof F]?: ReturnType<F[K]> }

/** An object with these fields and no others. */
const shape =
  <F extends Fields, R extends keyof F & string = never>(
    fields: F,
    required: readonly R[] = [],
  ): Check<Shaped<F> & Required<Pick<Shaped<F>, R>>> =>
  (value, at) => {
    if (typeof value !== 'object') throw bad('Invalid object', at)
    const path = (name: string) => (at ? `${at}[${name}]` : name)
    for (const name of Object.keys(value))
      if (!Object.hasOwn(fields, name))
        throw bad(`Received unknown parameter: ${path(name)}`, path(name), 'parameter_unknown')
    for (const name of required)
      if (!(name in value)) throw bad(`Missing required param: ${path(name)}.`, path(name), 'parameter_missing')
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, fields[name]!(each, path(name))]),
    ) as never
  }

const expand = list(text())
const currency: Check<string> = (value, at) => {
  if (typeof value === 'string' && /^[a-zA-Z]{3}$/.test(value)) return value.toLowerCase()
  throw bad(`Invalid currency: ${String(value)}`, at)
}

const productData = shape({ name: text(250), description: text(), metadata }, ['name'])
const locales =
  'auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW'

export const params = {
  product: shape({ name: text(250), description: text(), active: oneOf('true', 'false'), metadata, expand }, ['name']),
  price: shape(
    {
      currency,
      unit_amount: integer(),
      product: text(),
      product_data: productData,
      nickname: text(),
      metadata,
      expand,
    },
    ['currency', 'unit_amount'],
  ),
  session: shape(
    {
      mode: oneOf('payment'),
      line_items: list(
        shape(
          {
            price: text(),
            quantity: integer({ min: 1, max: 999_999 }),
            price_data: shape({ currency, unit_amount: integer(), product: text(), product_data: productData }, [
              'currency',
              'unit_amount',
            ]),
          },
          ['quantity'],
        ),
      ),
      success_url: url,
      cancel_url: url,
      client_reference_id: text(200),
      customer_email: text(512),
      expires_at: integer({ max: 99_999_999_999 }),
      locale: oneOf(...locales.split(' ')),
      metadata,
      payment_intent_data: shape({ metadata, description: text(1000), statement_descriptor_suffix: text(22) }),
      payment_method_types: list(oneOf('card')),
      submit_type: oneOf('auto', 'pay', 'book', 'donate'),
      expand,
    },
    ['mode', 'line_items', 'success_url'],
  ),
  refund: shape({
    payment_intent: text(),
    charge: text(),
    amount: integer({ min: 1 }),
    reason: oneOf('duplicate', 'fraudulent', 'requested_by_customer'),
    metadata,
    expand,
  }),
  endpoint: shape(
    { url, enabled_events: list(text(100)), metadata, api_version: text(40), description: text(), expand },
    ['url', 'enabled_events'],
  ),
  expandOnly: shape({ expand }),
  events: shape({
    limit: integer({ min: 1, max: 100 }),
    starting_after: text(),
    types: list(text(100)),
    created: shape({ gte: integer({ max: 99_999_999_999 }), lte: integer({ max: 99_999_999_999 }) }),
    expand,
  }),
  listing: shape({ limit: integer({ min: 1, max: 100 }), payment_intent: text(), charge: text(), expand }),
}
