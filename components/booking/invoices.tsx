'use client'
import { useTranslations } from 'next-intl'
import { savePdf } from '@/components/money/save-pdf'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { DownloadIcon } from '@/components/ui/icons'
import { useBusy } from '@/components/ui/use-busy'
import type { OwnChart } from '@/lib/browser/patient-chart'
import type { DocumentView } from '@/lib/invoice/rules'
import { formatMoney } from '@/lib/money'
import { formatPlainDay } from '@/lib/time'

/** Invoices and credit notes of all the patient's appointments here, each with the name that this device knows. */
export function Invoices({ own, locale }: { own: OwnChart; locale: 'en' | 'fr' }) {
  const t = useTranslations('patient.invoices')
  const { documents } = own.chart
  if (!documents.length) return null
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="-mt-2 mb-4 text-soft">{t('lead')}</p>
      <ul className="flex flex-col divide-y divide-line" aria-live="polite">
        {documents.map((each) => (
          <li key={each.id} className="py-4 first:pt-0 last:pb-0">
            <Invoice document={each} name={own.identity?.name ?? null} locale={locale} />
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Invoice({ document, name, locale }: { document: DocumentView; name: string | null; locale: 'en' | 'fr' }) {
  const t = useTranslations('patient.invoices')
  const { number, series, day, currency, content } = document
  const [download, making] = useBusy(() => savePdf(document, name))
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <div>
        <h3 className="text-base font-semibold">{t(series, { number })}</h3>
        <p className="figures text-sm text-soft">
          {formatPlainDay(day, locale, { day: 'numeric', month: 'long', year: 'numeric' })} ·{' '}
          {formatMoney(content.totals.grossMinor, currency, locale)}
        </p>
      </div>
      <Button
        icon={<DownloadIcon size={18} />}
        size="sm"
        busy={making}
        aria-label={t('pdfFor', { number })}
        onClick={() => void download()}
      >
        {t('pdf')}
      </Button>
    </div>
  )
}
