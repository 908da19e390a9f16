import { useLocale, useTranslations } from 'next-intl'
import { relationOf } from '@/lib/care/rules'
import type { CareEnd } from '@/lib/crypto/types'
import { addDays, formatPlainDay } from '@/lib/time'

const long = { day: 'numeric', month: 'long', year: 'numeric' } as const

/** Who helps, as what and until when, in the reader's language. */
export function useCareWords() {
  const t = useTranslations('care')
  const locale = useLocale()
  const relation = (of: { relation: string }) => t(`relations.${relationOf(of)}`)
  /** The day that is kept is the first without access: people name the last one with it. */
  const lastDay = (on: string) => formatPlainDay(addDays(on, -1), locale, long)
  return {
    relation,
    lastDay,
    day: (on: string) => formatPlainDay(on, locale, long),
    /** "with Rosa Quill, mother" */
    helper: (of: { name: string; relation: string }) => t('with', { name: of.name, relation: relation(of) }),
    /** "Signed by Rosa Quill, mother of Otto Quill" */
    signedBy: (of: { name: string; relation: string }, patient?: string) =>
      patient
        ? t('signedBy', { name: of.name, relation: relation(of), patient })
        : t('signedByPlain', { name: of.name, relation: relation(of) }),
    end(end: CareEnd) {
      if (end.kind === 'open') return t('end.open')
      if (end.kind === 'age') return t('end.age', { age: end.age, date: formatPlainDay(end.on, locale, long) })
      return t('end.date', { date: lastDay(end.on) })
    },
  }
}
