'use client'
import { useLocale, useTranslations } from 'next-intl'
import { Button } from '@/components/ui/button'
import { DownloadIcon } from '@/components/ui/icons'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { csvOf, type SheetWords } from '@/lib/invoice/rules'
import { accounts } from '@/lib/ledger/rules'

const heads = ['day', 'document', 'account', 'taxRate', 'currency', 'debit', 'credit', 'cause'] as const

/** The month's entries as a file that spreadsheets of that language open. */
export function Entries({ month }: { month: string }) {
  const t = useTranslations('money')
  const locale = useLocale()
  const toast = useToast()
  const [download, busy] = useBusy(async () => {
    const answer = await call('ledger/entries', { month })
    if (!answer.ok) return toast(t('csvFailed'), 'danger')
    const { entries } = answer.value
    if (!entries.length) return toast(t('csvEmpty'))
    const words = {
      heads: Object.fromEntries(heads.map((head) => [head, t(`sheet.${head}`)])),
      accounts: Object.fromEntries(accounts.map((account) => [account, t(`accounts.${account}`)])),
    } as unknown as SheetWords
    const text = csvOf(entries, locale === 'fr' ? 'fr' : 'en', words)
    const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
    Object.assign(document.createElement('a'), { href: url, download: `${month}.csv` }).click()
    URL.revokeObjectURL(url)
  })
  return (
    <Button size="sm" icon={<DownloadIcon size={18} />} busy={busy} onClick={() => void download()}>
      {t('csv')}
    </Button>
  )
}
