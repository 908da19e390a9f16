import { Companion, type CompanionKind } from '@/lib/companion/rules'

/** What is typed of who comes along; nobody, as long as no kind is chosen. */
export interface CompanionDraft {
  kind: '' | CompanionKind
  name: string
  email: string
  language: string
  locale: 'en' | 'fr'
  first: boolean
}
export type CompanionFaults = Partial<Record<keyof CompanionDraft, string>>

export const emptyCompanion = (locale: string, kind: CompanionDraft['kind'] = ''): CompanionDraft => ({
  ...{ kind, name: '', email: '', language: '', first: false },
  locale: locale === 'fr' ? 'fr' : 'en',
})

/** Faults without those of what is typed anew. */
export const mended = (faults: CompanionFaults, part: Partial<CompanionDraft>): CompanionFaults =>
  Object.fromEntries(Object.entries(faults).filter(([name]) => !(name in part)))

/** Who it is, under an id of this dialog's: sent twice, they are asked once. */
export function readCompanion(
  { kind, name, email, language, locale }: CompanionDraft,
  id: string,
): { who: Companion; faults: null } | { who: null; faults: CompanionFaults } {
  const read = Companion.safeParse({ id, kind, name, email, locale, language: kind === 'interpreter' ? language : '' })
  if (read.success) return { who: read.data, faults: null }
  const faults: CompanionFaults = {}
  for (const { path, message } of read.error.issues) faults[path[0] as keyof CompanionDraft] ??= message
  return { who: null, faults }
}
