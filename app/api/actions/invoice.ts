import * as flow from '@/lib/invoice/flow'
import { DocumentInput, type InvoiceContract } from '@/lib/invoice/issued'
import { MonthInput } from '@/lib/ledger/month'
import { action, type Actions } from '@/lib/server/action'

export const invoiceActions = {
  'invoice/list': action(['admin'], MonthInput, flow.listIssued),
  'invoice/name': action(['admin'], DocumentInput, flow.findName),
} satisfies Actions<InvoiceContract>
