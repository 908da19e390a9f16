import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { Button } from '@/components/ui/button'
import { Card, PageHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/status'
import { isId } from '@/lib/ids'
import { showChoice } from '@/lib/reminder/choice'

export const dynamic = 'force-dynamic'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('reminders.stop')
  return { title: t('title'), robots: { index: false }, referrer: 'no-referrer' }
}

/** By the link in a reminder. Opening it changes nothing, for mail scanners open links; the button does, with or without script. */
export default async function RemindersPage({ params }: { params: Promise<{ id: string; word: string }> }) {
  const { id, word } = await params
  const t = await getTranslations('reminders.stop')
  const choice = isId(id) ? await showChoice(id, word) : null
  if (!choice) return <EmptyState title={t('none')}>{t('noneText')}</EmptyState>
  const { clinic, on } = choice
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader title={t('title')} />
      <Card>
        <p role="status" className="mb-2 text-lg font-semibold">
          {t(on ? 'on' : 'off', { clinic })}
        </p>
        <p className="mb-5 text-soft">{t('offText')}</p>
        <form method="post" action={`/api/reminders/${id}/${word}`}>
          <input type="hidden" name="reminders" value={on ? 'off' : 'on'} />
          <Button type="submit" variant={on ? 'primary' : 'secondary'}>
            {t(on ? 'stop' : 'start')}
          </Button>
        </form>
      </Card>
    </div>
  )
}
