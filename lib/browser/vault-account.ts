import { type Bytes, fromB64, random, toB64 } from '../crypto/bytes.ts'
import {
  type AccountSecrets,
  type ChainPin,
  kitSigner,
  openAccountPin,
  unwrapAccount,
  unwrapFurther,
  wipe,
  wrapAccount,
  wrapFurther,
} from '../crypto/keys.ts'
import { sign } from '../crypto/sign.ts'
import { finishRegistration } from './opaque.ts'
import { readKit, spellKit } from './recovery-kit.ts'
import type { AccountInput, AccountVault } from './vault-account-api.ts'
import { type VaultContext } from './vault-context.ts'
import { VaultError } from './vault-error.ts'

export interface OpenedAccount {
  secrets: AccountSecrets
  pin: ChainPin
  pinKey: CryptoKey
}

/** The account's secrets, by whatever was taken just now. Throws LOCKED when nothing was. The caller wipes them. */
export async function openAccount(context: VaultContext, input: AccountInput): Promise<OpenedAccount> {
  const { clinicId, memberId, further } = input
  const owner = { clinicId, memberId }
  const wrapped = fromB64(input.wrappedAccount)
  if (!further) {
    if (!context.exportKey) throw new VaultError('LOCKED', 'sign in first')
    return unwrapAccount(context.exportKey, owner, wrapped)
  }
  const { taken } = context
  if (taken?.kind !== further.kind) throw new VaultError('LOCKED', `no ${further.kind} was taken`)
  const by = { ...owner, kind: further.kind, wrapId: further.id }
  const secrets = await unwrapFurther(taken.secret, by, fromB64(further.wrapped))
  return { secrets, ...(await openAccountPin(secrets, owner, wrapped)) }
}

export function forgetTaken(context: VaultContext): void {
  context.exportKey?.fill(0)
  context.taken?.secret.fill(0)
  context.exportKey = context.taken = null
}

export function account(context: VaultContext): AccountVault {
  /** Once, whatever comes of it: what was taken is forgotten, and the secrets are wiped. */
  async function once<T>(input: AccountInput, work: (opened: OpenedAccount) => Promise<T>): Promise<T> {
    let opened: OpenedAccount | null = null
    try {
      opened = await openAccount(context, input)
      return await work(opened)
    } finally {
      if (opened) wipe(opened.secrets)
      forgetTaken(context)
    }
  }

  return {
    changePassword(input) {
      return once(input, async ({ secrets, pin }) => {
        const { record, exportKey } = await finishRegistration(context, input.response)
        const wrapped = await wrapAccount(exportKey, input, secrets, pin)
        exportKey.fill(0)
        if (context.unlocked?.memberId === input.memberId) context.unlocked.wrapped = wrapped
        return { record, wrappedAccount: toB64(wrapped) }
      })
    },

    newKit(input) {
      return once(input, async ({ secrets }) => {
        const { clinicId, memberId } = input
        const [id, entropy] = [crypto.randomUUID(), random(32)]
        const wrapped = await wrapFurther(entropy, { clinicId, memberId, kind: 'kit', wrapId: id }, secrets)
        const spelt = await spellKit(entropy, input.language)
        const handle = toB64((await kitSigner(entropy)).public)
        entropy.fill(0)
        return { id, handle, wrapped: toB64(wrapped), ...spelt }
      })
    },

    async takeKit(text) {
      const secret = await readKit(text)
      context.taken = { kind: 'kit', secret }
      return { handle: toB64((await kitSigner(secret)).public) }
    },

    async proveKit({ origin, nonce }) {
      if (context.taken?.kind !== 'kit') throw new VaultError('LOCKED', 'no kit was taken')
      const { pair } = await kitSigner(context.taken.secret)
      return toB64(await sign(pair.privateKey, 'account-kit', [origin, nonce]))
    },

    sealForPasskey(input) {
      return once(input, async ({ secrets }) => {
        const { clinicId, memberId } = input
        const id = crypto.randomUUID()
        const prf = prfBytes(input.prf)
        const wrapped = await wrapFurther(prf, { clinicId, memberId, kind: 'passkey', wrapId: id }, secrets)
        prf.fill(0)
        return { id, kind: 'passkey' as const, wrapped: toB64(wrapped) }
      })
    },

    async takePasskey(prf) {
      context.taken = { kind: 'passkey', secret: prfBytes(prf) }
    },

    async forgetTaken() {
      forgetTaken(context)
    },
  }
}

/** WebAuthn's PRF answers 32 bytes; anything else is no key. */
function prfBytes(prf: Uint8Array): Bytes {
  if (prf.length !== 32) throw new VaultError('NO_KEY', 'a PRF answers 32 bytes')
  return new Uint8Array(prf)
}
