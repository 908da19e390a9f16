import { useLocale, useTranslations } from 'next-intl'
import { Card, CardTitle, Facts } from '@/components/ui/card'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { formatPlainDay } from '@/lib/time'

/** What somebody at the clinic took down on the telephone, as soon as it was handed to the patient. */
export function FromClinic({ fromClinic: { identity, reasons } }: Pick<OwnChart, 'fromClinic'>) {
  const t = useTranslations('booking.fromClinic')
  const locale = useLocale()
  if (!identity && !reasons.length) return null
  const born = identity && /^\d{4}-\d\d-\d\d$/.test(identity.birthDate) ? identity.birthDate : null
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="mb-4 text-soft">{t('lead')}</p>
      <Facts
        items={[
          ...(identity ? [{ label: t('name'), value: identity.name }] : []),
          ...(born
            ? [
                {
                  label: t('birth'),
                  value: formatPlainDay(born, locale, { day: 'numeric', month: 'long', year: 'numeric' }),
                },
              ]
            : []),
          ...reasons.map(({ reason }) => ({
            label: t('reason'),
            value: <span className="break-words whitespace-pre-line">{reason}</span>,
          })),
        ]}
      />
    </Card>
  )
}
