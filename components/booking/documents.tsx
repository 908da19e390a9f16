'use client'
import { useTranslations } from 'next-intl'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { DownloadIcon, NoteIcon, PillIcon } from '@/components/ui/icons'
import { Badge, Banner } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { dateLocale } from '@/lib/time'

const dayOf = (iso: string, locale: string) =>
  new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'long' }).format(new Date(iso))

export function Documents({ own, locale }: { own: OwnChart; locale: 'en' | 'fr' }) {
  const t = useTranslations('patient')
  const none = own.notes.length + own.prescriptions.length === 0
  return (
    <Card>
      <CardTitle>{t('docs')}</CardTitle>
      {own.broken ? (
        <Banner tone="danger" className="mb-4">
          {t('broken')}
        </Banner>
      ) : null}
      {none ? <p className="text-soft">{t('docsNone')}</p> : null}
      <ul className="flex flex-col divide-y divide-line" aria-live="polite">
        {[...own.prescriptions].reverse().map((rx) => (
          <li key={rx.recordId} className="py-4 first:pt-0 last:pb-0">
            <Prescription rx={rx} own={own} locale={locale} />
          </li>
        ))}
        {[...own.notes].reverse().map((note) => (
          <li key={note.recordId} className="py-4 first:pt-0 last:pb-0">
            <h3 className="flex items-center gap-2 text-base font-semibold">
              <NoteIcon size={18} className="text-accent" />
              {t('note', { name: note.content.author.name })}
            </h3>
            <p className="mb-2 text-sm text-soft">{dayOf(note.content.writtenAt, locale)}</p>
            {note.author.vouched ? null : <Banner tone="danger">{t('notVouched')}</Banner>}
            <p className="break-words whitespace-pre-line">{note.content.text}</p>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Prescription({
  rx,
  own,
  locale,
}: {
  rx: OwnChart['prescriptions'][number]
  own: OwnChart
  locale: 'en' | 'fr'
}) {
  const t = useTranslations('patient')
  const status = rx.status as 'issued' | 'dispensed' | 'cancelled' | 'expired'
  const [download, making] = useBusy(async () => {
    const { default: prescriptionPdf } = await import('./prescription-pdf')
    const words = (key: string, values?: Record<string, string>) => t(`pdf.${key}` as 'pdf.title', values as never)
    const file = await prescriptionPdf(rx.content, own.rootFingerprint, locale, words)
    const url = URL.createObjectURL(file)
    Object.assign(document.createElement('a'), {
      href: url,
      download: `prescription-${rx.content.issuedAt.slice(0, 10)}.pdf`,
    }).click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  })
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="flex items-center gap-2 text-base font-semibold">
          <PillIcon size={18} className="text-accent" />
          {t('rx', { name: rx.content.prescriber.name })}
        </h3>
        <Badge tone={status === 'issued' ? 'success' : 'neutral'}>
          {t(`rxStatus.${status}`, { date: dayOf(rx.content.expiresAt, locale) })}
        </Badge>
      </div>
      <p className="mb-2 text-sm text-soft">{dayOf(rx.content.issuedAt, locale)}</p>
      {rx.author.vouched ? null : <Banner tone="danger">{t('notVouched')}</Banner>}
      <ul className="mb-3 list-disc ps-5">
        {rx.content.items.map((item, index) => (
          <li key={index}>
            <span className="font-semibold">
              {item.medicine} {item.dose}
            </span>{' '}
            {[item.form, item.route, item.frequency, item.duration].filter(Boolean).join(', ')}
          </li>
        ))}
      </ul>
      {rx.content.notes ? <p className="mb-3 whitespace-pre-line">{rx.content.notes}</p> : null}
      {status === 'issued' || status === 'dispensed' ? (
        <Button icon={<DownloadIcon size={18} />} size="sm" busy={making} onClick={() => void download()}>
          {t('rxPdf')}
        </Button>
      ) : null}
    </>
  )
}
