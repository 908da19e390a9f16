import { passOn } from '@/lib/rewrap/flow'
import { NextInput, type RewrapContract } from '@/lib/rewrap/rules'
import { action, type Actions } from '@/lib/server/action'

export const rewrapActions = {
  'rewrap/next': action('staff', NextInput, passOn, { maxBytes: 4 * 1024 * 1024 }),
} satisfies Actions<RewrapContract>
