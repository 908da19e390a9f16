import { useReason } from '@/components/staff/use-reason'
import { useWordFault } from './use-word-fault'
import type { SessionCode } from '@/lib/browser/staff-session'

/** Why what was typed or scanned opens nothing. */
export function useKitReason(): (code: SessionCode, text: string) => Promise<string> {
  const reason = useReason()
  const faultOf = useWordFault()
  // One piece is no word that somebody typed but what a camera read.
  return async (code, text) => (code === 'BAD_KIT' && /\s/.test(text.trim()) ? faultOf(text) : reason(code))
}
