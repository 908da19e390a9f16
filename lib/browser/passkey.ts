import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser'
import { utf8 } from '../crypto/bytes.ts'

export type PasskeyCode = 'NO_PASSKEYS' | 'NO_PRF' | 'PASSKEY_CANCELLED' | 'PASSKEY_HERE'

export class PasskeyError extends Error {
  readonly code: PasskeyCode
  constructor(code: PasskeyCode) {
    super(code)
    this.code = code
  }
}

/**
 * What the PRF is asked for: the same for everybody of a kind, and fixed here. Its answer is each passkey's own, so nothing is gained by a
 * salt for each; a passkey that is found without a name could not be asked with one; and a server that could choose the input
 * would have what the next sign-in asks for in its hands.
 */
const inputs = {
  account: utf8('curtain/v1/account-passkey/prf'),
  patient: utf8('curtain/v1/patient-passkey/prf'),
}
export type PasskeyKind = keyof typeof inputs
type Prf = { prf: { eval: { first: Uint8Array<ArrayBuffer> } } }
const asked = <T extends object>(kind: PasskeyKind, options: T): T => ({
  ...options,
  extensions: { prf: { eval: { first: inputs[kind] } } } satisfies Prf,
})

interface Shown {
  response: {
    id: string
    rawId: string
    type: 'public-key'
    response: Record<string, unknown>
    clientExtensionResults: object
  }
  prf: Uint8Array | null
  /** It says itself that it has no PRF. Whether it has one otherwise shows at the next touch. */
  never: boolean
}

/** The answer without what the PRF said: that is a key, and never leaves this browser. */
function split(answer: { clientExtensionResults: unknown; response: unknown } & object): Shown {
  const { clientExtensionResults, id, rawId, type, response } = answer as Shown['response']
  const { prf } = clientExtensionResults as { prf?: { enabled?: boolean; results?: { first?: ArrayBuffer } } }
  const first = prf?.results?.first
  return {
    response: { id, rawId, type, response, clientExtensionResults: {} },
    prf: first ? new Uint8Array(first) : null,
    never: !first && prf?.enabled === false,
  }
}

const library = async () => {
  const web = await import('@simplewebauthn/browser')
  if (!web.browserSupportsWebAuthn()) throw new PasskeyError('NO_PASSKEYS')
  return web
}

/** A touch, and what the passkey's PRF answered to it. Throws PasskeyError. */
export async function showPasskey(
  kind: PasskeyKind,
  options: Record<string, unknown>,
): Promise<Shown & { prf: Uint8Array }> {
  const { startAuthentication } = await library()
  const optionsJSON = asked(kind, options as unknown as PublicKeyCredentialRequestOptionsJSON)
  const shown = split(await startAuthentication({ optionsJSON }).catch(refused))
  if (!shown.prf) throw new PasskeyError('NO_PRF')
  return { ...shown, prf: shown.prf }
}

/** A new passkey. Some authenticators answer the PRF at creation, others at the first touch after it, some never. */
export async function makePasskey(kind: PasskeyKind, options: Record<string, unknown>): Promise<Shown> {
  const { startRegistration } = await library()
  const optionsJSON = asked(kind, options as unknown as PublicKeyCredentialCreationOptionsJSON)
  return split(await startRegistration({ optionsJSON }).catch(refused))
}

function refused(error: unknown): never {
  const name = error instanceof Error ? error.name : ''
  if (name === 'InvalidStateError') throw new PasskeyError('PASSKEY_HERE')
  throw new PasskeyError('PASSKEY_CANCELLED')
}
