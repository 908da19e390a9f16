import * as flow from '@/lib/feed/flow'
import * as rules from '@/lib/feed/rules'
import { action, type Actions } from '@/lib/server/action'

export const feedActions = {
  'feed/make': action(['practitioner'], rules.NoInput, flow.makeFeed),
  'feed/remove': action(['practitioner'], rules.NoInput, flow.removeFeed),
} satisfies Actions<rules.FeedContract>
