import { useTranslations } from 'next-intl'
import { buttonClass } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import type { DayRow } from '@/lib/encounter/rules'

/** In the call's place, where a visit has none: the number to call, or that the patient comes. */
export function WithoutCall({ row, phone }: { row: DayRow; phone: string | null }) {
  const t = useTranslations('encounter')
  const c = useTranslations('common')
  const isOpen = ['booked', 'arrived'].includes(row.status)
  return (
    <Card>
      <CardTitle>{c(`way.${row.way}`)}</CardTitle>
      {row.way === 'phone' ? (
        phone ? (
          <p>
            <a className={buttonClass({ variant: 'primary' })} href={`tel:${phone.replace(/[^+\d]/g, '')}`}>
              {t('callNumber', { phone })}
            </a>
          </p>
        ) : (
          <p>{t('noNumber')}</p>
        )
      ) : (
        <p>{t(row.status === 'arrived' ? 'isHere' : 'comes')}</p>
      )}
      {isOpen ? <p className="mt-3 text-soft">{t('completeBy')}</p> : null}
    </Card>
  )
}
