import { equal, fromB64, toB64 } from '../crypto/bytes.ts'
import { appendStatement, currentMembers, verifyChain } from '../crypto/chain.ts'
import type { Entry } from '../crypto/chain-statement.ts'
import { newEpoch, openEpochs, sealEpoch } from '../crypto/epoch.ts'
import {
  type ChainPin,
  type Keys,
  importKeys,
  importSecret,
  newAccountSecrets,
  openPin,
  rewrapPin,
  rootFingerprint,
  wipe,
  wrapAccount,
} from '../crypto/keys.ts'
import { claimOf, macNewcomer, newcomerCode } from '../crypto/invitation.ts'
import { sign } from '../crypto/sign.ts'
import type { ChainStatement, EpochGrant, Group } from '../crypto/types.ts'
import { finishRegistration, KEY_STRETCHING, opaque } from './opaque.ts'
import { isWeakPassword, newPassphrase } from './passphrase.ts'
import { forgetTaken, openAccount } from './vault-account.ts'
import type { ChainInput, Vault } from './vault-api.ts'
import { adoptLogPin, logPin } from './vault-audit.ts'
import {
  adoptChain,
  publicKeys,
  requireChain,
  requireUnlocked,
  type Unlocked,
  type VaultContext,
  viewChain,
} from './vault-context.ts'
import { VaultError } from './vault-error.ts'

/** What a reload finds: keys that cannot be exported, good for one session of one member. */
interface StoredSession {
  clinicId: string
  memberId: string
  sessionId: string
  keys: Keys
  wrapped: Unlocked['wrapped']
  pinKey: CryptoKey
}

type AccountPart = Pick<
  Vault,
  | 'newPassphrase'
  | 'registerStart'
  | 'registerOwner'
  | 'registerMember'
  | 'signInStart'
  | 'signInFinish'
  | 'unlock'
  | 'rewrapAccount'
  | 'resume'
  | 'lock'
>

export function staffAccount(context: VaultContext): AccountPart {
  const { storage } = context

  async function settle(unlocked: Omit<Unlocked, 'epochs'>, chain: ChainInput, pin: ChainPin) {
    const loaded = await adoptChain(context, chain, { ...pin, trust: 'account' })
    await adoptLogPin(context, unlocked.clinicId, pin.log)
    const named = currentMembers(loaded.chain).find((member) => member.memberId === unlocked.memberId)
    if (named && !equal(named.keys.sign, unlocked.keys.public.sign)) {
      throw new VaultError('NOT_VOUCHED', 'the chain names other keys for this member')
    }
    const own = { public: unlocked.keys.public.dh, pair: unlocked.keys.dh }
    const epochs = await openEpochs(loaded.chain, unlocked.epochGrants, own)
    if (context.unlocked?.memberId !== unlocked.memberId) context.cache.drop()
    context.unlocked = { ...unlocked, epochs }
    return viewChain(loaded)
  }

  return {
    newPassphrase: async () => newPassphrase(),

    async registerStart(password) {
      if (isWeakPassword(password)) throw new VaultError('WEAK_PASSWORD')
      const client = await opaque()
      const { clientRegistrationState, registrationRequest } = client.startRegistration({ password })
      context.registration = { password, state: clientRegistrationState }
      return { request: registrationRequest }
    },

    async registerOwner({ clinicId, memberId, response, roles }) {
      const { record, exportKey } = await finishRegistration(context, response)
      const secrets = newAccountSecrets(true)
      const [keys, root] = await Promise.all([importKeys(secrets), importSecret('Ed25519', secrets.root!)])
      const { statements, epochGrants } = await foundClinic(clinicId, { memberId, roles, keys }, root)
      const chain = await verifyChain(clinicId, statements)
      const pin = { rootFingerprint: chain.rootFingerprint, length: chain.hashes.length, head: chain.head }
      const wrapped = await wrapAccount(exportKey, { clinicId, memberId }, secrets, pin)
      wipe(secrets)
      return {
        record,
        wrappedAccount: toB64(wrapped),
        keys: publicKeys(keys.public),
        rootKey: toB64(root.public),
        rootFingerprint: toB64(await rootFingerprint(root.public)),
        statements,
        epochGrants,
      }
    },

    async registerMember({ clinicId, memberId, response, invitation }) {
      const { record, exportKey } = await finishRegistration(context, response)
      const root = fromB64(invitation.rootFingerprint, 32)
      const loaded = context.chains.get(clinicId)
      if (loaded && !equal(loaded.chain.rootFingerprint, root))
        throw new VaultError('CHAIN_FORKED', 'not the inviting clinic')
      const secrets = newAccountSecrets(false)
      const keys = await importKeys(secrets)
      const pin: ChainPin = {
        rootFingerprint: root,
        length: loaded?.chain.hashes.length ?? 0,
        head: loaded?.chain.head ?? new Uint8Array(32),
      }
      const wrapped = await wrapAccount(exportKey, { clinicId, memberId }, secrets, pin)
      wipe(secrets)
      const { id, roles, groups } = invitation
      const secret = fromB64(invitation.secret, 32)
      const ids = { clinicId, invitationId: id, memberId, rootFingerprint: root }
      const newcomer = { ...ids, keys: keys.public, roles, groups }
      const mac = await macNewcomer(secret, newcomer)
      const claim = await claimOf(secret, id)
      return {
        record,
        wrappedAccount: toB64(wrapped),
        keys: publicKeys(keys.public),
        mac: toB64(mac),
        claim: toB64(claim),
        code: toB64(await newcomerCode(newcomer)),
      }
    },

    async signInStart(password) {
      const client = await opaque()
      const { clientLoginState, startLoginRequest } = client.startLogin({ password })
      context.signIn = { password, state: clientLoginState }
      return { request: startLoginRequest }
    },

    async signInFinish({ response }) {
      const started = context.signIn
      if (!started) throw new VaultError('LOCKED', 'no sign-in was started')
      context.signIn = null
      const client = await opaque()
      const finished = client.finishLogin({
        clientLoginState: started.state,
        loginResponse: response,
        password: started.password,
        keyStretching: KEY_STRETCHING,
      })
      if (!finished) throw new VaultError('WRONG_PASSWORD')
      context.exportKey = fromB64(finished.exportKey)
      return { finish: finished.finishLoginRequest }
    },

    async unlock({ sessionId, epochGrants, chain, ...input }) {
      const { clinicId, memberId } = input
      const wrapped = fromB64(input.wrappedAccount)
      const { secrets, pin, pinKey } = await openAccount(context, input)
      const keys = await importKeys(secrets)
      wipe(secrets)
      const view = await settle({ clinicId, memberId, keys, epochGrants, wrapped, pinKey }, chain, pin)
      forgetTaken(context)
      const session: StoredSession | null = sessionId ? { clinicId, memberId, sessionId, keys, wrapped, pinKey } : null
      if (session) await storage.put(sessionName(clinicId, memberId), session)
      return view
    },

    async rewrapAccount() {
      const unlocked = requireUnlocked(context)
      const { chain } = requireChain(context, unlocked.clinicId)
      const log = await logPin(context, unlocked.clinicId)
      const pin = { rootFingerprint: chain.rootFingerprint, length: chain.hashes.length, head: chain.head, ...log }
      unlocked.wrapped = await rewrapPin(unlocked.wrapped, unlocked, unlocked.pinKey, pin)
      const fields = [1, unlocked.clinicId, unlocked.memberId, unlocked.wrapped]
      const signature = await sign(unlocked.keys.sign.privateKey, 'account-wrap', fields)
      return { wrappedAccount: toB64(unlocked.wrapped), signature: toB64(signature) }
    },

    async resume({ clinicId, memberId, sessionId, epochGrants, chain }) {
      const session = await storage.get<StoredSession>(sessionName(clinicId, memberId))
      if (!session) return false
      // Another session of the same member: its keys are not this one's to use.
      if (session.sessionId !== sessionId) {
        await storage.remove(sessionName(clinicId, memberId))
        return false
      }
      const pin = await openPin(session.pinKey, { clinicId, memberId }, session.wrapped)
      const { keys, wrapped, pinKey } = session
      return settle({ clinicId, memberId, keys, epochGrants, wrapped, pinKey }, chain, pin)
    },

    async lock() {
      context.unlocked = null
      context.cache.keepFor(0)
      forgetTaken(context)
      context.signIn = context.registration = null
      for (const end of context.onLock) end()
      for (const key of await storage.keys('session:')) await storage.remove(key)
    },
  }
}

const sessionName = (clinicId: string, memberId: string) => `session:${clinicId}:${memberId}`

/** Genesis, the owner, and the groups' first epochs, sealed to the owner. */
async function foundClinic(
  clinicId: string,
  owner: { memberId: string; roles: string[]; keys: Keys },
  root: { pair: CryptoKeyPair; public: Keys['public']['sign'] },
) {
  const statements: ChainStatement[] = []
  const epochGrants: EpochGrant[] = []
  const groups: Group[] = ['desk', 'clinical', 'officers']
  const rootSigner = { key: root.pair.privateKey, public: root.public }
  const ownerSigner = { key: owner.keys.sign.privateKey, public: owner.keys.public.sign }
  const say = async (entry: Entry, signer: typeof rootSigner) => {
    const chain = statements.length ? await verifyChain(clinicId, statements) : null
    statements.push(await appendStatement(chain, clinicId, entry, signer))
  }
  await say({ kind: 'genesis', root: root.public }, rootSigner)
  const { memberId, roles } = owner
  await say({ kind: 'member-added', memberId, keys: owner.keys.public, roles, groups }, rootSigner)
  for (const group of groups) {
    const { secret, public: key } = await newEpoch()
    await say({ kind: 'epoch', group, epoch: 1, key }, ownerSigner)
    epochGrants.push(await sealEpoch(clinicId, { group, epoch: 1, key }, secret, owner.keys.public.dh))
    secret.fill(0)
  }
  return { statements, epochGrants }
}
