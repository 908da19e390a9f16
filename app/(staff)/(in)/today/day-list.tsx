'use client'
import { DeskWrote } from '@/components/recognition/desk-wrote'
import { HelpersOf } from '@/components/care/helpers-of'
import type { CareView } from '@/lib/browser/vault-care-api'
import { VisitMenu } from '@/components/encounter/visit-menu'
import { admitNext } from '@/components/call/admit-next'
import { useLocale, useTranslations } from 'next-intl'
import Link from 'next/link'
import { useStaff } from '@/components/staff/session'
import { WhyUnnamed } from '@/components/staff/why-unnamed'
import { buttonClass } from '@/components/ui/button'
import { CheckIcon } from '@/components/ui/icons'
import { Badge, Skeleton, type Tone } from '@/components/ui/status'
import { AgendaRow } from '@/components/ui/times'
import { type DayRow, type RowState, rowState } from '@/lib/encounter/rules'
import { expectedAt } from '@/lib/late/rules'
import { formatMoney } from '@/lib/money'
import type { ChecklistContent, IdentityContent } from '@/lib/record/rules'
import { formatTime } from '@/lib/time'

const tones: Record<RowState, Tone> = {
  upcoming: 'neutral',
  late: 'warning',
  at_door: 'warning',
  waiting: 'accent',
  in_consult: 'info',
  done: 'success',
  missed: 'danger',
  cancelled: 'neutral',
}
const paidTones: Record<DayRow['paid'], Tone> = {
  free: 'neutral',
  voucher: 'success',
  paid: 'success',
  owed: 'danger',
  fee: 'success',
  bounced: 'danger',
  due: 'warning',
  later: 'neutral',
  refunded: 'neutral',
  failed: 'danger',
}

interface People {
  identities: Map<string, IdentityContent>
  /** As whom the desk booked those who say now that they are somebody else. */
  written: Map<string, IdentityContent>
  checklists: Map<string, ChecklistContent>
  helpers: Map<string, CareView[]>
  /** Why an identity that came does not open. */
  failed: Map<string, string>
}

export const DayList = ({
  rows,
  zone,
  now,
  people,
  opening,
  nextId,
  late,
}: {
  rows: DayRow[]
  zone: string
  now: Date
  people: People
  opening: boolean
  nextId: string | null
  late: readonly { memberId: string; minutes: number }[]
}) => (
  <ol className="divide-y divide-line">
    {rows.map((row) => (
      <Visit
        key={row.appointmentId}
        row={row}
        zone={zone}
        now={now}
        identity={people.identities.get(row.patientId)}
        written={people.written.get(row.patientId)}
        checklist={people.checklists.get(row.appointmentId)}
        helpers={people.helpers.get(row.patientId) ?? []}
        failed={people.failed.get(row.patientId)}
        opening={opening}
        next={row.appointmentId === nextId}
        lateMinutes={lateIn(row, late)}
        inGroup={rows.filter((each) => each.group?.id === row.group?.id && isIn(each)).length}
      />
    ))}
  </ol>
)

interface VisitProps {
  row: DayRow
  zone: string
  now: Date
  identity?: IdentityContent
  written?: IdentityContent
  checklist?: ChecklistContent
  helpers: CareView[]
  failed?: string | undefined
  opening: boolean
  next: boolean
  /** By how many minutes its practitioner runs late, if that still counts for it. */
  lateMinutes: number
  /** How many of its group came, or are to come. */
  inGroup: number
}

const isIn = ({ status }: DayRow) => status !== 'cancelled' && status !== 'no_show'

const lateIn = (row: DayRow, late: readonly { memberId: string; minutes: number }[]) =>
  row.status === 'booked' || row.status === 'arrived'
    ? (late.find(({ memberId }) => memberId === row.memberId)?.minutes ?? 0)
    : 0

function Visit({
  row,
  zone,
  now,
  identity,
  written,
  checklist,
  helpers,
  failed,
  opening,
  next,
  lateMinutes,
  inGroup,
}: VisitProps) {
  const t = useTranslations('staff')
  const c = useTranslations('common')
  const locale = useLocale()
  const { isClinical, me } = useStaff()
  const state = rowState(row, now)
  const since =
    row.arrivedAt && state === 'waiting'
      ? Math.max(0, Math.round((now.getTime() - Date.parse(row.arrivedAt)) / 60_000))
      : null
  const faded = state === 'cancelled' || state === 'missed'
  const time = (iso: string) => formatTime(new Date(iso), zone, locale)
  const name = identity?.name ?? t('unnamed')
  return (
    <AgendaRow
      time={time(row.startsAt)}
      until={t('until', { time: time(row.endsAt) })}
      current={next}
      menu={<VisitMenu row={row} state={state} zone={zone} name={name} named={identity !== undefined} />}
      aside={
        isClinical && !faded ? (
          <Link
            href={`/encounter/${row.appointmentId}`}
            onClick={() => state === 'waiting' && admitNext(row.appointmentId)}
            aria-label={t(state === 'waiting' ? 'admitFor' : 'openFor', { name })}
            className={buttonClass({
              size: 'sm',
              variant: next || ['waiting', 'at_door', 'in_consult'].includes(state) ? 'primary' : 'secondary',
            })}
          >
            {t(state === 'waiting' ? 'admit' : 'open')}
          </Link>
        ) : null
      }
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        {opening && !identity ? (
          <Skeleton className="h-6 w-44" />
        ) : (
          <span className={`text-lg font-semibold ${faded ? 'text-soft line-through' : ''}`}>{name}</span>
        )}
        <Badge tone={tones[state]}>
          {since === null ? t(`state.${state}`) : t('waitingSince', { minutes: since })}
        </Badge>
        {row.group ? <Badge>{t('group', { count: inGroup, places: row.group.places })}</Badge> : null}
        {row.walkIn ? <Badge>{t('walkIn')}</Badge> : null}
        {next ? <Badge tone="accent">{t('nextUp')}</Badge> : null}
        {lateMinutes ? (
          <Badge tone="warning">
            {t('late.expected', { time: time(expectedAt(new Date(row.startsAt), lateMinutes).toISOString()) })}
          </Badge>
        ) : null}
      </div>
      {opening || identity ? null : <WhyUnnamed row={row} code={failed} />}
      {written ? <DeskWrote written={written} /> : null}
      <HelpersOf helpers={helpers} />
      <p className="mt-0.5 text-soft">
        {row.service}
        {row.way === 'video' ? '' : ` · ${c(`way.${row.way}`)}`}
        {row.memberId === me.memberId ? '' : ` · ${row.practitioner}`}
        {row.site ? ` · ${row.site}` : ''}
      </p>
      <div className="mt-1.5 flex flex-wrap items-center gap-x-4 gap-y-1.5 text-sm">
        <Badge tone={paidTones[row.paid]}>
          {row.paid === 'free' || row.paid === 'voucher'
            ? t(`paid.${row.paid}`)
            : `${t(`paid.${row.paid}`)} · ${formatMoney(row.moneyMinor, row.currency, locale)}`}
        </Badge>
        {row.dispute ? (
          <Badge tone="danger">
            {`${t(`dispute.${row.dispute.state}`)} · ${formatMoney(row.dispute.amountMinor, row.currency, locale)}`}
          </Badge>
        ) : null}
        {checklist && (row.asks.form || checklist.formDone) ? (
          <Tick done={checklist.formDone} label={t(checklist.formDone ? 'formDone' : 'formOpen')} />
        ) : null}
        {checklist && (row.asks.consent || checklist.consentSigned) ? (
          <Tick done={checklist.consentSigned} label={t(checklist.consentSigned ? 'consentSigned' : 'consentOpen')} />
        ) : null}
        {identity?.phone ? <span className="text-soft">{identity.phone}</span> : null}
      </div>
    </AgendaRow>
  )
}

const Tick = ({ done, label }: { done: boolean; label: string }) => (
  <span className={`flex items-center gap-1.5 ${done ? 'text-success' : 'text-soft'}`}>
    {done ? (
      <CheckIcon size={16} />
    ) : (
      <span aria-hidden className="size-2 rounded-full border-[1.5px] border-current" />
    )}
    {label}
  </span>
)
