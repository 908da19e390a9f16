'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { useLive } from '@/components/staff/use-live'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { AlertDialog } from '@/components/ui/dialog'
import { DownloadIcon } from '@/components/ui/icons'
import { Banner, Skeleton } from '@/components/ui/status'
import { Table } from '@/components/ui/table'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { closingCsv } from '@/lib/invoice/rules'
import type { DaysView } from '@/lib/ledger/month'
import { accounts, type Account } from '@/lib/ledger/rules'
import { formatDate, formatPlainDay } from '@/lib/time'

const heads = ['day', 'account', 'taxRate', 'currency', 'opening', 'debit', 'credit', 'closing'] as const

/** Days that are over are closed, one after the other; what they came to is the accountant's. */
export function Closings() {
  const t = useTranslations('money.closing')
  const locale = useLocale()
  const [view, setView] = useState<DaysView | null>(null)
  const [failed, setFailed] = useState(false)
  const [asked, setAsked] = useState<string | null>(null)
  const load = async () => {
    const answer = await call('ledger/days', {})
    if (answer.ok) setView(answer.value)
    setFailed(!answer.ok)
  }
  useLive(() => void load(), 5000)
  useEffect(() => {
    void load()
  }, [])
  const dayOf = (day: string) =>
    formatPlainDay(day, locale, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
  // Before the first is closed any may be; after it, the next.
  const next = view?.last ? view.open.slice(0, 1) : (view?.open ?? [])
  const more = view?.last ? view.open.length - 1 : 0
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="-mt-2 mb-4 max-w-prose text-soft">{t('lead')}</p>
      {failed ? (
        <Banner tone="warning" announce className="mb-4">
          {t('failed')}
        </Banner>
      ) : null}
      {view === null ? (
        failed ? null : (
          <Skeleton className="h-24 rounded-card" />
        )
      ) : (
        <>
          {next.length ? (
            <>
              {view.last ? null : <p className="mb-3">{t('first')}</p>}
              <ul className="flex flex-col divide-y divide-line">
                {next.map((day) => (
                  <li key={day} className="flex flex-wrap items-center justify-between gap-3 py-3">
                    <span className="font-semibold first-letter:uppercase">{dayOf(day)}</span>
                    <Button size="sm" aria-label={t('closeFor', { day: dayOf(day) })} onClick={() => setAsked(day)}>
                      {t('close')}
                    </Button>
                  </li>
                ))}
              </ul>
              {more > 0 ? <p className="mt-2 text-soft">{t('more', { count: more })}</p> : null}
            </>
          ) : (
            <p className="text-soft">{t('none')}</p>
          )}
          {view.closed.length ? (
            <div className="mt-6">
              <h3 className="mb-2 text-base font-semibold">{t('closed')}</h3>
              <Table
                caption={t('closed')}
                columns={[
                  { key: 'day', label: t('day'), heading: true },
                  { key: 'at', label: t('at') },
                  { key: 'act', label: t('act'), bare: true },
                ]}
                rows={view.closed.map(({ day, closedAt }) => ({
                  id: day,
                  cells: {
                    day: <span className="first-letter:uppercase">{dayOf(day)}</span>,
                    at: formatDate(new Date(closedAt), view.zone, locale),
                    act: <Files day={day} name={dayOf(day)} zone={view.zone} />,
                  },
                }))}
              />
            </div>
          ) : null}
        </>
      )}
      {asked ? (
        <Ask key={asked} day={asked} name={dayOf(asked)} onClose={() => setAsked(null)} onDone={() => void load()} />
      ) : null}
    </Card>
  )
}

interface AskProps {
  day: string
  name: string
  onClose: () => void
  onDone: () => void
}

function Ask({ day, name, onClose, onDone }: AskProps) {
  const t = useTranslations('money.closing')
  const reason = useReason()
  const toast = useToast()
  const [fault, setFault] = useState<string | null>(null)
  const [close, busy] = useBusy(async () => {
    const answer = await call('ledger/close', { day }, { retry: true })
    if (!answer.ok) return setFault(reason(answer.code))
    toast(t('done', { day: name }), 'success')
    onDone()
    onClose()
  })
  return (
    <AlertDialog
      title={t('askTitle', { day: name })}
      description={t('ask')}
      cancelLabel={t('not')}
      actionLabel={t('yes')}
      busy={busy}
      open
      onOpenChange={(open) => open || onClose()}
      onAction={() => void close()}
    >
      {fault ? (
        <Banner tone="danger" announce className="mt-4">
          {fault}
        </Banner>
      ) : null}
    </AlertDialog>
  )
}

function Files({ day, name, zone }: { day: string; name: string; zone: string }) {
  const t = useTranslations('money.closing')
  const m = useTranslations('money')
  const locale = useLocale() === 'fr' ? 'fr' : 'en'
  const toast = useToast()
  const names = () =>
    Object.fromEntries(accounts.map((account) => [account, m(`accounts.${account}`)])) as Record<Account, string>
  const save = (file: Blob, kind: string) => {
    const url = URL.createObjectURL(file)
    Object.assign(document.createElement('a'), { href: url, download: `${day}.${kind}` }).click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  }
  const [csv, making] = useBusy(async () => {
    const answer = await call('ledger/closing', { day })
    if (!answer.ok) return toast(t('failed'), 'danger')
    const words = Object.fromEntries(heads.map((head) => [head, m(`sheet.${head}`)])) as Record<
      (typeof heads)[number],
      string
    >
    const text = closingCsv(day, answer.value.accounts, locale, { heads: words, accounts: names() })
    save(new Blob([text], { type: 'text/csv' }), 'csv')
  })
  const [pdf, drawing] = useBusy(async () => {
    const answer = await call('ledger/closing', { day })
    if (!answer.ok) return toast(t('failed'), 'danger')
    const { default: closingPdf } = await import('./closing-pdf')
    const at = formatDate(new Date(answer.value.closedAt), zone, locale)
    const title = t('pdf.of', { day: name, at })
    const say = (key: 'title' | 'account' | 'opening' | 'debit' | 'credit' | 'closing' | 'empty') => t(`pdf.${key}`)
    save(await closingPdf(answer.value, { locale, title, say, accounts: names() }), 'pdf')
  })
  return (
    <div className="flex flex-wrap gap-2 md:justify-end">
      <Button
        size="sm"
        icon={<DownloadIcon size={18} />}
        busy={making}
        aria-label={t('csvFor', { day: name })}
        onClick={() => void csv()}
      >
        {t('csv')}
      </Button>
      <Button
        size="sm"
        icon={<DownloadIcon size={18} />}
        busy={drawing}
        aria-label={t('pdfFor', { day: name })}
        onClick={() => void pdf()}
      >
        {m('issued.pdf')}
      </Button>
    </div>
  )
}
