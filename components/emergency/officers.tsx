'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useCallback, useEffect, useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useLive } from '@/components/staff/use-live'
import { useReason } from '@/components/staff/use-reason'
import { Button, LinkButton } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Badge, Banner, Skeleton } from '@/components/ui/status'
import { loadOfficersPage, type OfficersPage, type SeenRequest } from '@/lib/browser/emergency-officers'
import { dateLocale } from '@/lib/time'
import { AskForm } from './ask-form'
import { AgreedRequest } from './reading'
import { WaitingRequest } from './waiting-request'

const isOpen = ({ row }: SeenRequest) =>
  row.state === 'approved' && row.openUntil !== null && new Date(row.openUntil) > new Date()

/** Two administrators, two browsers: one asks, the other agrees, the first reads. */
export function Officers() {
  const t = useTranslations('emergency')
  const { me, chain } = useStaff()
  const reason = useReason()
  const [page, setPage] = useState<OfficersPage | null>(null)
  const [problem, setProblem] = useState('')
  const officers = chain.members.filter((member) => member.roles.includes('admin'))
  const few = new Set(officers.map(({ voice }) => voice)).size < 2
  const voice = officers.find(({ memberId }) => memberId === me.memberId)?.voice
  const isShared = officers.some((each) => each.memberId !== me.memberId && each.voice === voice)

  const load = useCallback(async () => {
    const answer = await loadOfficersPage(me.clinicId)
    if (answer.ok) setPage(answer.value)
    setProblem(answer.ok ? '' : answer.code)
  }, [me.clinicId])
  useEffect(() => void load(), [load])
  useLive(() => void load())

  if (few)
    return (
      <Banner
        tone="warning"
        title={t('officers.few')}
        actions={<LinkButton href="/admin/staff">{t('officers.toStaff')}</LinkButton>}
      >
        {t(officers.length < 2 ? 'officers.fewText' : 'officers.oneText')}
      </Banner>
    )
  if (problem && !page)
    return (
      <Banner
        tone="danger"
        title={t('officers.notLoaded')}
        actions={<Button onClick={() => void load()}>{t('officers.again')}</Button>}
        announce
      >
        {reason(problem)}
      </Banner>
    )
  if (!page) return <Skeleton className="h-80 rounded-card" />
  const waiting = page.requests.filter(({ row }) => row.state === 'asked')
  const mine = page.requests.filter((each) => isOpen(each) && each.row.askedBy.memberId === me.memberId)
  const past = page.requests.filter((each) => !waiting.includes(each) && !mine.includes(each))
  return (
    <div className="flex max-w-3xl flex-col gap-6">
      {isShared ? (
        <Banner tone="info" title={t('officers.shared')}>
          {t('officers.sharedText')}
        </Banner>
      ) : null}
      {mine.map((request) => (
        <AgreedRequest key={request.row.id} request={request} onChange={load} />
      ))}
      {waiting.map((request) => (
        <WaitingRequest key={request.row.id} request={request} onChange={load} />
      ))}
      <AskForm patients={page.patients} onAsked={load} />
      <Past requests={past} />
    </div>
  )
}

function Past({ requests }: { requests: SeenRequest[] }) {
  const t = useTranslations('emergency')
  const locale = useLocale()
  const when = new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'medium', timeStyle: 'short' })
  return (
    <Card>
      <CardTitle>{t('officers.past')}</CardTitle>
      {requests.length ? null : <p className="text-soft">{t('officers.pastNone')}</p>}
      <ul className="divide-y divide-line">
        {requests.map(({ row, name }) => (
          <li key={row.id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-3">
            <span className="min-w-0">
              <span className="block break-words">
                {t('officers.pastLine', { name: name ?? t('officers.unnamed'), by: row.askedBy.name })}
              </span>
              <span className="text-sm text-soft">{when.format(new Date(row.askedAt))}</span>
            </span>
            <Badge tone={row.state === 'approved' ? 'warning' : 'neutral'}>{t(`officers.state.${row.state}`)}</Badge>
          </li>
        ))}
      </ul>
    </Card>
  )
}
