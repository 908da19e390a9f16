import { pronounce } from '../access/rules.ts'
import { equal, fromB64, toB64 } from '../crypto/bytes.ts'
import { currentMembers } from '../crypto/chain.ts'
import { importKeys, newAccountSecrets, wipe, wrapAccount } from '../crypto/keys.ts'
import { approveRekey, readApproval, type Rekey, rekeyFingerprint, rekeySeconds } from '../crypto/rekey.ts'
import { finishRegistration } from './opaque.ts'
import type { ChainInput } from './vault-api.ts'
import { adoptChain, publicKeys, rawKeys, requireMember, type VaultContext } from './vault-context.ts'
import { VaultError } from './vault-error.ts'
import { extendBy } from './vault-members.ts'
import type { NewKeys, RekeyVault } from './vault-rekey-api.ts'

/** 128 bits: eight words that can be read over the telephone. */
const wordsOf = async (clinicId: string, root: Rekey['keys']['sign'], rekey: Rekey) =>
  pronounce((await rekeyFingerprint(clinicId, root, rekey)).subarray(0, 16))

export function rekeying(context: VaultContext): RekeyVault {
  /** The chain as it is now, and the keys that these words were told of. */
  async function compare({ clinicId, chain, memberId, keys, words }: Told) {
    const loaded = await adoptChain(context, chain, { trust: 'none' })
    if (requireMember(context).unlocked.clinicId !== clinicId) throw new VaultError('LOCKED', 'another clinic')
    const rekey = { memberId, keys: rawKeys(keys) }
    const expected = await wordsOf(clinicId, loaded.chain.rootFingerprint, rekey)
    // The defence of attack 7 against keys of the server's own: nothing is signed but what the member read out.
    if (
      words
        .toLowerCase()
        .match(/[a-z]+/g)
        ?.join() !== expected.join()
    )
      throw new VaultError('WRONG_WORDS', 'these are words of other keys')
    return { rekey, loaded }
  }

  return {
    async renewAccount({ clinicId, memberId, response, chain: input }) {
      const { chain } = await adoptChain(context, input, { trust: 'none' })
      if (!currentMembers(chain).some((member) => member.memberId === memberId))
        throw new VaultError('NOT_VOUCHED', 'the chain does not name this member')
      const { record, exportKey } = await finishRegistration(context, response)
      const secrets = newAccountSecrets(false)
      const { public: keys } = await importKeys(secrets)
      const pin = { rootFingerprint: chain.rootFingerprint, length: chain.hashes.length, head: chain.head }
      const wrapped = await wrapAccount(exportKey, { clinicId, memberId }, secrets, pin)
      wipe(secrets)
      exportKey.fill(0)
      const words = await wordsOf(clinicId, chain.rootFingerprint, { memberId, keys })
      return { record, wrappedAccount: toB64(wrapped), keys: publicKeys(keys), words }
    },

    async approveRekey(input) {
      const { rekey, loaded } = await compare(input)
      const { keys } = requireMember(context).unlocked
      const signer = { key: keys.sign.privateKey, public: keys.public.sign }
      return toB64(await approveRekey(loaded.chain, rekey, input.at, signer))
    },

    async finishRekey(input) {
      const { rekey } = await compare(input)
      const { clinicId, chain, at } = input
      const approval = await readApproval(clinicId, rekey, fromB64(input.approval))
      if (equal(approval.signer, requireMember(context).unlocked.keys.public.sign))
        throw new VaultError('NOT_VOUCHED', 'one person is not two')
      if (at - approval.at < rekeySeconds) throw new VaultError('TOO_EARLY', 'a day has not passed')
      return extendBy(context, clinicId, chain, { kind: 'member-rekeyed', ...rekey, at, approval })
    },
  }
}

type Told = NewKeys & { clinicId: string; chain: ChainInput; words: string }
