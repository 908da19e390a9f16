import { say } from '@/lib/late/flow'
import { LateInput, type LateContract } from '@/lib/late/rules'
import { action, type Actions } from '@/lib/server/action'

export const lateActions = {
  'late/say': action('staff', LateInput, say),
} satisfies Actions<LateContract>
