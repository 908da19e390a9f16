'use client'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { AskFirst } from '@/components/ui/ask-first'
import { Button } from '@/components/ui/button'
import { Badge } from '@/components/ui/status'
import type { WrapRow } from '@/lib/account/rules'
import { call } from '@/lib/browser/api'
import { useWhen } from './use-when'

/** Kits or passkeys, each with what it was last used for and a way to be rid of it. */
export function Wraps({
  wraps,
  onChange,
  actions,
}: {
  wraps: WrapRow[]
  onChange: () => Promise<void>
  actions?: (wrap: WrapRow) => ReactNode
}) {
  return wraps.length === 0 ? null : (
    <ul className="divide-y divide-line">
      {wraps.map((wrap, index) => (
        <Wrap key={wrap.id} wrap={wrap} number={index + 1} onChange={onChange}>
          {actions?.(wrap)}
        </Wrap>
      ))}
    </ul>
  )
}

function Wrap({
  wrap,
  number,
  onChange,
  children,
}: {
  wrap: WrapRow
  number: number
  onChange: () => Promise<void>
  children: ReactNode
}) {
  const t = useTranslations('account')
  const c = useTranslations('common')
  const reason = useReason()
  const name = wrap.label || t('kit.name', { number })
  const when = useWhen()
  async function remove() {
    const answer = await call('account/remove-wrap', { id: wrap.id })
    return answer.ok || answer.code === 'NOT_FOUND' ? null : reason(answer.code)
  }
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-3 first:pt-0">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 font-semibold break-words">
          {name}
          {wrap.triedAt ? null : <Badge tone="warning">{t('kit.untried')}</Badge>}
        </p>
        <p className="text-sm text-soft">
          {t('made', { at: when(wrap.createdAt) })}{' '}
          {wrap.lastUsedAt ? t('used', { at: when(wrap.lastUsedAt) }) : t('unused')}
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        {children}
        <AskFirst
          trigger={
            <Button size="sm" variant="quiet" aria-label={t('removeOf', { name })}>
              {t('remove')}
            </Button>
          }
          title={t('removeOf', { name })}
          description={t(`${wrap.kind}.removeText`)}
          cancelLabel={c('cancel')}
          actionLabel={t('remove')}
          act={remove}
          onDone={onChange}
        />
      </div>
    </li>
  )
}
