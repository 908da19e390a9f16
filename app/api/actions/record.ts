import { listMine } from '@/lib/record/flow'
import { MyRecordsInput, type RecordContract } from '@/lib/record/rules'
import { action, type Actions } from '@/lib/server/action'

export const recordActions = {
  'record/mine': action('patient', MyRecordsInput, listMine),
} satisfies Actions<RecordContract>
