'use client'
import { useLocale, useTranslations } from 'next-intl'
import { WarningIcon } from '@/components/ui/icons'
import type { IdentityContent } from '@/lib/record/rules'
import { formatPlainDay } from '@/lib/time'

/** A caller whose first device names somebody else: who recognises them by name is told both. */
export function DeskWrote({ written }: { written: IdentityContent }) {
  const t = useTranslations('recognition')
  const locale = useLocale()
  const born = /^\d{4}-\d\d-\d\d$/.test(written.birthDate)
    ? formatPlainDay(written.birthDate, locale, { day: 'numeric', month: 'long', year: 'numeric' })
    : '–'
  return (
    <p className="mt-0.5 flex gap-2 text-sm">
      <WarningIcon size={16} className="mt-0.5 shrink-0" />
      {t('deskWrote', { name: written.name, date: born })}
    </p>
  )
}
