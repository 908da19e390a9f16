'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useMemo, useState } from 'react'
import { recallTones } from '@/components/encounter/recall-part'
import { NotShown } from '@/components/staff/not-shown'
import { useStaff } from '@/components/staff/session'
import { useLive } from '@/components/staff/use-live'
import { alteredOf, identityIn, useOpened } from '@/components/staff/use-opened'
import { useReason } from '@/components/staff/use-reason'
import { Button, IconButton } from '@/components/ui/button'
import { Card, PageHeader } from '@/components/ui/card'
import { Switch } from '@/components/ui/choice'
import { AlertDialog } from '@/components/ui/dialog'
import { MailIcon, RecallIcon, CrossIcon } from '@/components/ui/icons'
import { Badge, EmptyState, Skeleton } from '@/components/ui/status'
import { Table } from '@/components/ui/table'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { RecallContent, RecallContract, RecallRow } from '@/lib/recall/rules'
import { formatPlainDay } from '@/lib/time'

type Listed = RecallContract['recall/list']['out']

export function Recalls({ start }: { start: Listed }) {
  const t = useTranslations('recall')
  const s = useTranslations('staff')
  const locale = useLocale()
  const { isClinical } = useStaff()
  const [listed, setListed] = useState(start)
  const [all, setAll] = useState(false)
  const refresh = async (status: 'open' | 'all' = all ? 'all' : 'open') => {
    const fresh = await call('recall/list', { status })
    if (fresh.ok) setListed(fresh.value)
  }
  useLive(() => void refresh())
  const sealed = useMemo(() => [...listed.identities, ...listed.reasons], [listed])
  const patientIds = useMemo(() => [...new Set(listed.recalls.map((recall) => recall.patientId))], [listed])
  const records = useOpened(sealed, patientIds)
  const opened = (recall: RecallRow) => {
    const identity = identityIn(records ?? [], recall.patientId)
    const reason = records?.find(
      ({ meta }) => meta.recordId === recall.recordId && meta.patientId === recall.patientId && meta.type === 'recall',
    )
    return {
      name: identity?.name ?? null,
      reason: reason?.opened.ok ? (reason.opened.value.content as RecallContent).reason : null,
    }
  }
  const day = { day: 'numeric', month: 'short', year: 'numeric' } as const
  return (
    <>
      <PageHeader title={t('title')} lead={t('lead')} />
      <NotShown failed={alteredOf(records ?? [])} />
      <Switch
        label={t('showAll')}
        className="mb-3"
        checked={all}
        onChange={(event) => {
          setAll(event.target.checked)
          void refresh(event.target.checked ? 'all' : 'open')
        }}
      />
      <Card padded={false} className="max-md:border-0 max-md:bg-transparent max-md:shadow-none md:px-5">
        <Table
          caption={t('title')}
          columns={[
            { key: 'patient', label: t('patient'), heading: true },
            { key: 'due', label: t('due') },
            { key: 'service', label: t('service') },
            ...(isClinical ? [{ key: 'reason', label: t('reason') }] : []),
            { key: 'status', label: t('state') },
            { key: 'actions', label: t('actions'), bare: true, align: 'end' as const },
          ]}
          empty={
            <EmptyState icon={RecallIcon} title={t('empty')}>
              {t('emptyText')}
            </EmptyState>
          }
          rows={listed.recalls.map((recall) => {
            const { name, reason } = opened(recall)
            return {
              id: recall.id,
              cells: {
                patient: records ? (name ?? s('unnamed')) : <Skeleton className="h-6 w-36" />,
                due: formatPlainDay(recall.dueOn, locale, day),
                service: recall.service,
                reason: <span className="text-soft">{reason}</span>,
                status: <Badge tone={recallTones[recall.status]}>{t(`status.${recall.status}`)}</Badge>,
                actions: <Actions recall={recall} name={name ?? s('unnamed')} onDone={refresh} />,
              },
            }
          })}
        />
      </Card>
    </>
  )
}

function Actions({ recall, name, onDone }: { recall: RecallRow; name: string; onDone: () => Promise<void> }) {
  const t = useTranslations('recall')
  const c = useTranslations('common')
  const toast = useToast()
  const reason = useReason()
  const [asking, setAsking] = useState(false)
  const [move, busy] = useBusy(async (action: 'invite-now' | 'decline') => {
    const answer = await call(`recall/${action}`, { id: recall.id })
    setAsking(false)
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(t(action === 'decline' ? 'declined' : 'invited'), 'success')
    await onDone()
  })
  const canInvite = recall.status === 'scheduled' || recall.status === 'overdue'
  const canClose = canInvite || recall.status === 'invited'
  return (
    <div className="flex justify-end gap-1.5">
      {canInvite ? (
        <Button
          size="sm"
          className="whitespace-nowrap"
          icon={<MailIcon size={18} />}
          busy={busy}
          aria-label={t('inviteFor', { name })}
          onClick={() => void move('invite-now')}
        >
          {t('inviteNow')}
        </Button>
      ) : null}
      {canClose ? (
        <IconButton label={t('declineFor', { name })} icon={<CrossIcon />} onClick={() => setAsking(true)} />
      ) : null}
      <AlertDialog
        title={t('declineTitle')}
        description={t('declineText')}
        cancelLabel={c('back')}
        actionLabel={t('decline')}
        open={asking}
        onOpenChange={setAsking}
        busy={busy}
        onAction={() => void move('decline')}
      />
    </div>
  )
}
