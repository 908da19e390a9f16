import { z } from 'zod'
import { Id } from '../ids.ts'
import type { MonthInput } from '../ledger/month.ts'
import type { StoredRecord } from '../record/rules.ts'
import type { DocumentView } from './rules.ts'

// What was issued, as the money page asks for it.

export const DocumentInput = z.object({ id: Id })

export interface InvoiceContract {
  /** A month's documents, the newest first. */
  'invoice/list': { in: z.input<typeof MonthInput>; out: { documents: DocumentView[] } }
  /** The sealed name that a document is for, where the member may open it. */
  'invoice/name': { in: z.input<typeof DocumentInput>; out: { patientId: string; records: StoredRecord[] } }
}
