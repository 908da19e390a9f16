'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { identityIn, openRecords } from '@/components/staff/use-opened'
import { useLive } from '@/components/staff/use-live'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { DownloadIcon } from '@/components/ui/icons'
import { Banner, Skeleton } from '@/components/ui/status'
import { Table } from '@/components/ui/table'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { DocumentView } from '@/lib/invoice/rules'
import { formatMoney } from '@/lib/money'
import { formatPlainDay } from '@/lib/time'
import { GiveBackDialog } from './give-back-dialog'
import { savePdf } from './save-pdf'

/** A month's invoices and credit notes. No name stands here: one is opened for the file alone, and that it was is in the log. */
export function Issued({ month }: { month: string }) {
  const t = useTranslations('money.issued')
  const locale = useLocale()
  const [documents, setDocuments] = useState<DocumentView[] | null>(null)
  const [failed, setFailed] = useState(false)
  const [open, setOpen] = useState<DocumentView | null>(null)
  const load = async () => {
    const answer = await call('invoice/list', { month })
    if (answer.ok) setDocuments(answer.value.documents)
    setFailed(!answer.ok)
  }
  useLive(() => void load(), 5000)
  useEffect(() => {
    void load()
  }, [month])
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      {failed ? (
        <Banner tone="warning" announce className="mb-4">
          {t('failed')}
        </Banner>
      ) : null}
      {documents === null ? (
        failed ? null : (
          <Skeleton className="h-24 rounded-card" />
        )
      ) : (
        <Table
          caption={t('title')}
          columns={[
            { key: 'number', label: t('number'), heading: true },
            { key: 'day', label: t('day') },
            { key: 'service', label: t('service') },
            { key: 'amount', label: t('amount'), align: 'end' },
            { key: 'act', label: t('act'), bare: true },
          ]}
          rows={documents.map((each) => ({
            id: each.id,
            cells: {
              number: (
                <>
                  {each.number}
                  <span className="block text-sm font-normal text-soft">
                    {each.content.credits ? t('takesBack', { number: each.content.credits.number }) : t('invoice')}
                  </span>
                </>
              ),
              day: formatPlainDay(each.day, locale, { day: 'numeric', month: 'short' }),
              service: each.content.lines.map(({ text }) => text).join(', '),
              amount: formatMoney(
                each.series === 'invoice' ? each.content.totals.grossMinor : -each.content.totals.grossMinor,
                each.currency,
                locale,
              ),
              act: <Acts document={each} onGiveBack={() => setOpen(each)} />,
            },
          }))}
          empty={<p className="text-soft">{t('empty')}</p>}
        />
      )}
      {open ? <GiveBackDialog invoice={open} onClose={() => setOpen(null)} onDone={() => void load()} /> : null}
    </Card>
  )
}

function Acts({ document, onGiveBack }: { document: DocumentView; onGiveBack: () => void }) {
  const t = useTranslations('money.issued')
  const toast = useToast()
  const { id, number } = document
  const [download, making] = useBusy(async () => {
    const answer = await call('invoice/name', { id })
    if (!answer.ok) return toast(t('failed'), 'danger')
    const { patientId, records } = answer.value
    const name = identityIn(await openRecords(records, [patientId]), patientId)?.name ?? null
    if (name === null) toast(t('nameless'))
    await savePdf(document, name)
  })
  return (
    <div className="flex flex-wrap gap-2 md:justify-end">
      <Button
        size="sm"
        icon={<DownloadIcon size={18} />}
        busy={making}
        aria-label={t('pdfFor', { number })}
        onClick={() => void download()}
      >
        {t('pdf')}
      </Button>
      {document.series === 'invoice' ? (
        <Button size="sm" variant="quiet" aria-label={t('changeFor', { number })} onClick={onGiveBack}>
          {t('change')}
        </Button>
      ) : null}
    </div>
  )
}
