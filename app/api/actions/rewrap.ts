import { passOn } from '@/lib/rewrap/flow'
import { NextInput, type RewrapContract } from '@/lib/rewrap/rules'
import { action, type Actions } from '@/lib/server/action'

export const rewrapActions = {
  'rewrap/next': action('staff', NextInput, passOn),
} satisfies Actions<RewrapContract>
