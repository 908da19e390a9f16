import { fromB64 } from '../crypto/bytes.ts'
import { deviceKeys } from './device-keys.ts'
import { staffAccount } from './staff-account.ts'
import { type Hands, ownHand } from './hands.ts'
import type { Vault } from './vault-api.ts'
import { auditLog } from './vault-audit.ts'
import { account } from './vault-account.ts'
import { backups } from './vault-backup.ts'
import { calls } from './vault-call.ts'
import { caring } from './vault-care.ts'
import { adoptChain, newContext, viewChain } from './vault-context.ts'
import { drafts } from './vault-drafts.ts'
import { emergencies } from './vault-emergency.ts'
import { emergencyCards } from './vault-emergency-card.ts'
import { erasures } from './vault-erasure.ts'
import { invitations } from './vault-invitations.ts'
import { pairing } from './vault-pairing.ts'
import { members } from './vault-members.ts'
import { notices } from './vault-notice.ts'
import { prescriptions } from './vault-prescriptions.ts'
import { records } from './vault-records.ts'
import { recognising } from './vault-recognise.ts'
import { rekeying } from './vault-rekey.ts'
import { rewrapping } from './vault-rewrap.ts'
import type { VaultStorage } from './vault-storage.ts'
import { witnesses } from './vault-witness.ts'

/**
 * A vault: what runs in the browser's worker, and as it is in Node (the demo's seed, tests). Every method refuses with an
 * error that has a `code`; what comes back holds no private key.
 */
export function createVault(storage: VaultStorage, hands: Hands = ownHand): Vault {
  const context = newContext(storage, hands)
  const recordPart = records(context)
  return {
    async loadChain(chain, pin, tried) {
      const known = pin ? { rootFingerprint: fromB64(pin, 32), trust: 'link' as const } : { trust: 'none' as const }
      return viewChain(await adoptChain(context, chain, known, tried !== 'tried'))
    },
    ...staffAccount(context),
    ...account(context),
    ...invitations(context),
    ...members(context),
    ...deviceKeys(context),
    ...pairing(context),
    ...backups(context),
    ...recordPart,
    ...calls(context, recordPart),
    ...caring(context, recordPart.open),
    ...recognising(context, recordPart),
    ...drafts(context),
    ...prescriptions(context),
    ...rekeying(context),
    ...rewrapping(context),
    cacheFor: async (seconds) => context.cache.keepFor(seconds),
    ...emergencyCards(context),
    ...emergencies(context, recordPart),
    ...auditLog(context),
    ...erasures(context),
    ...witnesses(context),
    ...notices(context),
  }
}
