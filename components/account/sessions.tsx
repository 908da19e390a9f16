'use client'
import { useTranslations } from 'next-intl'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Badge } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import type { SessionRow } from '@/lib/account/rules'
import { call } from '@/lib/browser/api'
import { apart } from '@/lib/patient/rules'
import { useWhen } from './use-when'

/** Where this member is signed in. */
export function Sessions({ sessions, onChange }: { sessions: SessionRow[]; onChange: () => Promise<void> }) {
  const t = useTranslations('account')
  const reason = useReason()
  const toast = useToast()
  const [endOthers, busy] = useBusy(async () => {
    const answer = await call('account/end-others', {})
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(t('sessions.ended', { count: answer.value.ended }), 'success')
    await onChange()
  })
  return (
    <Card>
      <CardTitle
        actions={
          sessions.length > 1 ? (
            <Button size="sm" busy={busy} onClick={() => void endOthers()}>
              {t('sessions.endOthers')}
            </Button>
          ) : null
        }
      >
        {t('sessions.title')}
      </CardTitle>
      <p className="-mt-2 mb-4 max-w-prose text-soft">{t('sessions.lead')}</p>
      <ul className="divide-y divide-line">
        {sessions.map((session) => (
          <Session key={session.id} session={session} onChange={onChange} />
        ))}
      </ul>
    </Card>
  )
}

function Session({ session, onChange }: { session: SessionRow; onChange: () => Promise<void> }) {
  const t = useTranslations('account')
  const reason = useReason()
  const toast = useToast()
  const when = useWhen()
  const name = apart(session.name || t('sessions.unnamed'), session.nth)
  const [end, busy] = useBusy(async () => {
    const answer = await call('account/end-session', { id: session.id })
    if (!answer.ok && answer.code !== 'NOT_FOUND') return toast(reason(answer.code), 'danger')
    await onChange()
  })
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-3 first:pt-0 last:pb-0">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 font-semibold">
          {name}
          {session.current ? <Badge tone="accent">{t('sessions.current')}</Badge> : null}
        </p>
        <p className="text-sm text-soft">
          {t(`sessions.by.${session.openedBy}`, { at: when(session.createdAt) })}{' '}
          {t('sessions.seen', { at: when(session.lastSeenAt) })}
        </p>
      </div>
      {session.current ? null : (
        <Button
          size="sm"
          variant="quiet"
          busy={busy}
          aria-label={t('sessions.endOf', { name })}
          onClick={() => void end()}
        >
          {t('sessions.end')}
        </Button>
      )}
    </li>
  )
}
