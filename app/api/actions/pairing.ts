import * as flow from '@/lib/pairing/flow'
import { PostInput, ReadInput, type PairingContract } from '@/lib/pairing/rules'
import { action, type Actions } from '@/lib/server/action'

export const pairingActions = {
  'pair/post': action('public', PostInput, flow.post, { maxBytes: 20 * 1024 }),
  'pair/read': action('public', ReadInput, flow.read),
} satisfies Actions<PairingContract>
