'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { useWhen } from '@/components/account/use-when'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle, Facts } from '@/components/ui/card'
import { Banner } from '@/components/ui/status'
import type { RekeyRow } from '@/lib/rekey/rules'
import { CompareWords } from './compare-words'
import { StopButton } from './stop-button'
import { isReady, useRequests } from './use-requests'

const tickMs = 15_000

/** Colleagues who lost their keys, for those who can help. Where nobody asks, there is nothing to see. */
export function RekeyRequests({ className }: { className?: string }) {
  const t = useTranslations('lost.requests')
  const reason = useReason()
  const { me } = useStaff()
  const { rows, code, load } = useRequests()
  // The member's own is the shell's banner.
  const others = rows?.filter((row) => row.memberId !== me.memberId) ?? []
  if (code && !rows)
    return (
      <Banner
        tone="danger"
        title={t('notLoaded')}
        className={className}
        announce
        actions={
          <Button size="sm" onClick={() => void load()}>
            {t('again')}
          </Button>
        }
      >
        {reason(code)}
      </Banner>
    )
  return others.map((row) => <Request key={row.id} row={row} onChange={load} className={className} />)
}

function Request({ row, onChange, className }: { row: RekeyRow; onChange: () => Promise<void>; className?: string }) {
  const t = useTranslations('lost.requests')
  const when = useWhen()
  const { me } = useStaff()
  const [comparing, setComparing] = useState(false)
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), tickMs)
    return () => clearInterval(timer)
  }, [])
  const { displayName: name, approval, readyAt } = row
  const ready = isReady(row, now)
  const minutes = Math.max(1, Math.ceil((new Date(readyAt).getTime() - now.getTime()) / 60_000))
  const left = t('secondLeft', { hours: Math.floor(minutes / 60), minutes: minutes % 60 })
  const mine = approval?.by === me.memberId
  const by = approval && { name: approval.name, when: when(approval.at) }
  const second = !approval ? (
    t('secondWaits')
  ) : ready ? (
    t('secondNow')
  ) : (
    <>
      {t('secondFrom', { when: when(readyAt) })}
      <span className="figures block text-sm font-normal text-soft">{left}</span>
    </>
  )
  return (
    <Card className={className}>
      <CardTitle>{t('of', { name })}</CardTitle>
      <Facts
        items={[
          { label: t('asked'), value: when(row.askedAt) },
          { label: t('first'), value: by ? t(mine ? 'firstYou' : 'firstBy', by) : t('firstNone') },
          { label: t('second'), value: second },
          { label: t('lapses'), value: when(row.expiresAt) },
        ]}
      />
      {row.may === 'nothing' ? (
        <p className="mt-5 max-w-prose text-soft">{mine ? t('yours') : t('notYou', { name })}</p>
      ) : null}
      <div className="mt-5 flex flex-wrap gap-2.5">
        {row.may === 'approve' || (row.may === 'finish' && ready) ? (
          <Button size="sm" variant="primary" onClick={() => setComparing(true)}>
            {t(row.may)}
          </Button>
        ) : null}
        {row.mayObject ? <StopButton id={row.id} onStopped={onChange} /> : null}
      </div>
      {comparing ? <CompareWords row={row} onClose={() => setComparing(false)} onDone={onChange} /> : null}
    </Card>
  )
}
