import { action, type Actions } from '@/lib/server/action'
import * as flow from '@/lib/site/flow'
import * as rules from '@/lib/site/rules'
import * as sharing from '@/lib/site/share'

export const siteActions = {
  'site/list': action(['admin'], rules.NoInput, flow.list),
  'site/add': action(['admin'], rules.AddSiteInput, flow.add),
  'site/save': action(['admin'], rules.SaveSiteInput, flow.save),
  'site/close': action(['admin'], rules.SiteInput, flow.close),
  'site/earlier': action(['practitioner'], rules.EarlierInput, sharing.earlier),
  'site/share': action(['practitioner'], rules.ShareInput, sharing.share, { maxBytes: 512 * 1024 }),
} satisfies Actions<rules.SiteContract>
