import { fromB64 } from '../crypto/bytes.ts'
import type { VaultContext } from './vault-context.ts'
import { VaultError } from './vault-error.ts'

/**
 * RFC 9106's second recommendation (Argon2id, 64 MiB, 3 passes). Fixed here: no answer of the server can weaken it, so a
 * hostile one gets no cheaper guesses.
 */
export const KEY_STRETCHING = { 'argon2id-custom': { iterations: 3, memory: 65536, parallelism: 4 } } as const

/** Only staff need it, and it is the heaviest part of the vault. */
export const opaque = async () => {
  const { client, ready } = await import('@serenity-kit/opaque')
  await ready
  return client
}

/** Finishes OPAQUE's registration: the record for the server, the export key for the wrap. */
export async function finishRegistration(context: VaultContext, response: string) {
  const started = context.registration
  if (!started) throw new VaultError('LOCKED', 'no registration was started')
  const client = await opaque()
  const { registrationRecord, exportKey } = client.finishRegistration({
    clientRegistrationState: started.state,
    registrationResponse: response,
    password: started.password,
    keyStretching: KEY_STRETCHING,
  })
  context.registration = null
  return { record: registrationRecord, exportKey: fromB64(exportKey) }
}
