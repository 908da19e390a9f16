import * as closing from '@/lib/ledger/closing'
import * as flow from '@/lib/ledger/flow'
import { DayInput, DaysInput, MonthInput, type LedgerContract } from '@/lib/ledger/month'
import { action, type Actions } from '@/lib/server/action'

export const ledgerActions = {
  'ledger/month': action(['admin'], MonthInput, flow.loadMonth),
  'ledger/entries': action(['admin'], MonthInput, flow.listEntries),
  'ledger/days': action(['admin'], DaysInput, closing.listDays),
  'ledger/close': action(['admin'], DayInput, closing.close),
  'ledger/closing': action(['admin'], DayInput, closing.findClosing),
} satisfies Actions<LedgerContract>
