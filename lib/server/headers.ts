// The browser's walls around a page, decided per request from its nonce and the configured origins.

export interface PagePolicy {
  nonce: string
  /** Where calls go: the video servers' origins, as configured. */
  sfu: readonly string[]
  /** Where the witness answers, if there is one. */
  witness: string
  /** Where a payment form may lead. */
  checkout: readonly string[]
  /** Served over https: then nothing is asked for in the clear. */
  https: boolean
  /** May stand in a frame on any site: pages on which nothing can be done. */
  framed: boolean
  /** `next dev` evaluates code and its overlay writes HTML: scripts are looser there, and there alone. */
  dev: boolean
}

/**
 * Scripts run by nonce alone and only what such a script loads ('strict-dynamic'); WebAssembly is compiled for OPAQUE and
 * Argon2id. Style elements need the nonce too, and nothing that we serve has a style attribute (docs/decisions/007).
 */
export function pagePolicy({ nonce, sfu, witness, checkout, https, framed, dev }: PagePolicy): string {
  const scripts = [
    "'self'",
    `'nonce-${nonce}'`,
    "'strict-dynamic'",
    "'wasm-unsafe-eval'",
    ...(dev ? ["'unsafe-eval'"] : []),
  ]
  const styles = dev ? ["'self'", "'unsafe-inline'"] : ["'self'", `'nonce-${nonce}'`]
  const connect = ["'self'", ...sfu.flatMap(bothSchemes), ...(witness ? [new URL(witness).origin] : [])]
  return directives({
    'default-src': ["'none'"],
    'script-src': scripts,
    'style-src': styles,
    'style-src-attr': [dev ? "'unsafe-inline'" : "'none'"],
    'img-src': ["'self'", 'data:', 'blob:'],
    'font-src': ["'self'"],
    'media-src': ["'self'", 'blob:'],
    'connect-src': connect,
    'worker-src': ["'self'"],
    'manifest-src': ["'self'"],
    'form-action': ["'self'", 'https://checkout.stripe.com', ...checkout],
    'frame-ancestors': [framed ? '*' : "'none'"],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    ...(dev ? {} : { 'require-trusted-types-for': ["'script'"], 'trusted-types': ['default'] }),
    ...(https ? { 'upgrade-insecure-requests': [] } : {}),
  })
}

/**
 * What a worker's own script answers: it imports our chunks, compiles WebAssembly, and connects to nothing. Trusted Types
 * are left out here, for Turbopack's bootstrap calls importScripts with plain text.
 */
export const workerPolicy = directives({ 'default-src': ["'none'"], 'script-src': ["'self'", "'wasm-unsafe-eval'"] })

/** The same on every answer, whatever it is. */
export const fixedHeaders: Record<string, string> = {
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': [
    'camera=(self)',
    'microphone=(self)',
    'publickey-credentials-create=(self)',
    'publickey-credentials-get=(self)',
    ...['display-capture', 'geolocation', 'payment', 'usb', 'serial', 'midi', 'browsing-topics', 'interest-cohort'].map(
      (name) => `${name}=()`,
    ),
  ].join(', '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** A clinic's free times, which its own site shows in a frame, and the script that puts the frame there. */
export const isFramed = (path: string): boolean => path.startsWith('/w/')
const isWidget = (path: string): boolean => /^\/widget-\d+\.js$/.test(path)

/** Those of a path: the widget's script is for other sites, and its frame may be one. */
export function headersOf(path: string): Record<string, string> {
  if (isWidget(path))
    return { ...fixedHeaders, 'cross-origin-resource-policy': 'cross-origin', 'access-control-allow-origin': '*' }
  const { 'x-frame-options': _, ...unframed } = fixedHeaders
  return isFramed(path) ? unframed : fixedHeaders
}

function directives(all: Record<string, readonly string[]>): string {
  return Object.entries(all)
    .map(([name, values]) => [name, ...values].join(' '))
    .join('; ')
}

/** livekit-client signals over ws(s) and asks the same host over http(s) why a connection failed. */
function bothSchemes(url: string): string[] {
  const { protocol, host } = new URL(url)
  return protocol === 'wss:' || protocol === 'https:'
    ? [`wss://${host}`, `https://${host}`]
    : [`ws://${host}`, `http://${host}`]
}
