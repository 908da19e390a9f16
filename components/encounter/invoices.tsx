'use client'
import { useLocale, useTranslations } from 'next-intl'
import { savePdf } from '@/components/money/save-pdf'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { DownloadIcon } from '@/components/ui/icons'
import { useBusy } from '@/components/ui/use-busy'
import type { DocumentView } from '@/lib/invoice/rules'
import { formatMoney } from '@/lib/money'

/** What was issued for this visit, for whoever opened the patient's name anyway. */
export function VisitInvoices({ documents, name }: { documents: readonly DocumentView[]; name: string | null }) {
  const t = useTranslations('money.issued')
  if (!documents.length) return null
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <ul className="flex flex-col divide-y divide-line">
        {documents.map((each) => (
          <VisitInvoice key={each.id} document={each} name={name} />
        ))}
      </ul>
    </Card>
  )
}

function VisitInvoice({ document, name }: { document: DocumentView; name: string | null }) {
  const t = useTranslations('money.issued')
  const locale = useLocale()
  const { number, series, currency, content } = document
  const [download, making] = useBusy(() => savePdf(document, name))
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 py-3 first:pt-0 last:pb-0">
      <p>
        <span className="font-semibold">{number}</span>{' '}
        <span className="figures text-soft">
          {t(series === 'invoice' ? 'invoice' : 'credit')} · {formatMoney(content.totals.grossMinor, currency, locale)}
        </span>
      </p>
      <Button
        size="sm"
        icon={<DownloadIcon size={18} />}
        busy={making}
        aria-label={t('pdfFor', { number })}
        onClick={() => void download()}
      >
        {t('pdf')}
      </Button>
    </li>
  )
}
