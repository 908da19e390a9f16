import * as flow from '@/lib/ledger/flow'
import { MonthInput, type LedgerContract } from '@/lib/ledger/month'
import { action, type Actions } from '@/lib/server/action'

export const ledgerActions = {
  'ledger/month': action(['admin'], MonthInput, flow.loadMonth),
  'ledger/entries': action(['admin'], MonthInput, flow.listEntries),
} satisfies Actions<LedgerContract>
