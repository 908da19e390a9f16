import * as flow from '@/lib/audit/flow'
import * as rules from '@/lib/audit/rules'
import { action, type Actions } from '@/lib/server/action'

export const auditActions = {
  'audit/log': action(['admin'], rules.LogInput, flow.showLog),
  'audit/names': action(['admin'], rules.NamesInput, flow.showNames),
  'audit/mine': action('patient', rules.OwnLogInput, flow.showOwnLog),
  'audit/witness': action('public', rules.NoInput, flow.showWitness),
  'audit/links': action('public', rules.LinksInput, flow.showLinks, { rate: { points: 300, seconds: 60 } }),
} satisfies Actions<rules.AuditContract>
