'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { admitNext } from '@/components/call/admit-next'
import { CompanionDialog } from '@/components/companion/visit-dialog'
import { LinkDialog } from '@/components/desk/link-dialog'
import { BackDialog } from '@/components/money/back-dialog'
import { CancelDialog } from './cancel-dialog'
import { MissDialog } from './miss-dialog'
import { TakeDialog } from '@/components/money/take-dialog'
import { NewDeviceDialog } from '@/components/recognition/new-device'
import { MoveDialog } from '@/components/schedule/move-dialog'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { IconButton } from '@/components/ui/button'
import { MoreIcon } from '@/components/ui/icons'
import { Menu, type MenuBeside } from '@/components/ui/menu'
import { useToast } from '@/components/ui/toast'
import { runsDay } from '@/lib/access/rules'
import { call } from '@/lib/browser/api'
import { type DayRow, mayArrive, mayUnarrive, type RowState } from '@/lib/encounter/rules'
import { formatMoney } from '@/lib/money'
import { formatTime } from '@/lib/time'

interface Props {
  row: DayRow
  state: RowState
  zone: string
  name: string
  /** Whether the name opened here. */
  named: boolean
  /** Beside what stands for the visit in a calendar: it says there what the visit is, and opens it. */
  beside?: MenuBeside
}

/** What can be done with one visit of the day, beside opening it. */
export function VisitMenu({ row, state, zone, name, named, beside }: Props) {
  const t = useTranslations('staff')
  const money = useTranslations('money')
  const moves = useTranslations('move')
  const recognition = useTranslations('recognition')
  const desk = useTranslations('desk')
  const along = useTranslations('companion.visit')
  const c = useTranslations('common')
  const locale = useLocale()
  const router = useRouter()
  const toast = useToast()
  const reason = useReason()
  const { isClinical, me } = useStaff()
  const [open, setOpen] = useState<
    'move' | 'link' | 'along' | 'cancel' | 'miss' | 'take' | 'back' | 'recognise' | null
  >(null)
  const whenOpen = (is: boolean) => is || setOpen(null)
  const { appointmentId, patientId } = row
  const act = async (action: 'encounter/arrive' | 'encounter/unarrive' | 'encounter/complete') => {
    const answer = await call(action, { appointmentId })
    if (!answer.ok) toast(reason(answer.code), 'danger')
  }
  const atDesk = runsDay(me)
  const owed = formatMoney(row.toHandMinor, row.currency, locale)
  const openVisit = () => {
    if (state === 'waiting') admitNext(appointmentId)
    router.push(`/encounter/${appointmentId}`)
  }
  const stands = ['booked', 'arrived'].includes(row.status)
  // Who is called is neither late nor at the door: their time has come.
  const isCalled = row.way === 'phone' && row.status === 'booked' && Date.parse(row.startsAt) <= Date.now()
  const items = [
    ...(mayArrive(row, new Date()) ? [{ label: t('markArrived'), onSelect: () => void act('encounter/arrive') }] : []),
    ...(mayUnarrive(row) ? [{ label: t('markNotArrived'), onSelect: () => void act('encounter/unarrive') }] : []),
    ...(beside && isClinical
      ? [{ label: t(state === 'waiting' ? 'admit' : 'open'), onSelect: () => openVisit() }]
      : []),
    ...(stands ? [{ label: moves('menu'), onSelect: () => setOpen('move') }] : []),
    ...(stands || row.status === 'in_consult' ? [{ label: desk('menu'), onSelect: () => setOpen('link') }] : []),
    ...(stands && Date.parse(row.startsAt) > Date.now()
      ? [{ label: along('menu'), onSelect: () => setOpen('along') }]
      : []),
    ...(isClinical && (isCalled || ['waiting', 'at_door', 'in_consult', 'late'].includes(state))
      ? [{ label: t('markDone'), onSelect: () => void act('encounter/complete') }]
      : []),
    ...(isCalled || ['late', 'at_door', 'waiting'].includes(state)
      ? [{ label: t(row.way === 'phone' ? 'markNotReached' : 'markMissed'), onSelect: () => setOpen('miss') }]
      : []),
    ...(atDesk && ['due', 'later', 'failed'].includes(row.paid)
      ? [{ label: money('take'), onSelect: () => setOpen('take') }]
      : []),
    ...(atDesk && row.toHandMinor > 0
      ? [{ label: money('handBack', { amount: owed }), onSelect: () => setOpen('back') }]
      : []),
    // Nobody is recognised whose name did not open here.
    ...(named ? [{ label: recognition('menu'), onSelect: () => setOpen('recognise') }] : []),
    ...(stands ? [{ label: t('cancel.menu'), onSelect: () => setOpen('cancel') }] : []),
  ]
  if (!items.length && !beside && open === null) return null
  const clock = (iso: string) => formatTime(new Date(iso), zone, locale)
  return (
    <>
      <Menu
        trigger={beside ? undefined : <IconButton label={t('moreFor', { name })} icon={<MoreIcon />} />}
        beside={beside}
        heading={
          beside ? (
            <div className="max-w-72 px-3 pt-1.5 pb-2">
              <p className="font-semibold">{name}</p>
              <p className="figures text-sm text-soft">
                {clock(row.startsAt)} {t('until', { time: clock(row.endsAt) })} · {t(`state.${state}`)}
              </p>
              <p className="text-sm text-soft">
                {row.service} · {c(`way.${row.way}`)} · {row.practitioner}
                {row.site ? ` · ${row.site}` : ''}
              </p>
            </div>
          ) : null
        }
        align={beside ? 'start' : 'end'}
        items={items}
      />
      <MoveDialog {...{ name, zone }} visit={row} open={open === 'move'} onOpenChange={whenOpen} />
      <NewDeviceDialog {...{ appointmentId, patientId }} open={open === 'recognise'} onOpenChange={whenOpen} />
      <CancelDialog {...{ row, zone, name }} open={open === 'cancel'} onOpenChange={whenOpen} />
      {open === 'miss' ? <MissDialog {...{ row, name }} onClose={() => setOpen(null)} /> : null}
      {open === 'link' ? <LinkDialog {...{ row, name, zone }} onClose={() => setOpen(null)} /> : null}
      {open === 'along' ? <CompanionDialog visit={row} name={name} onClose={() => setOpen(null)} /> : null}
      {open === 'take' ? <TakeDialog row={row} name={name} onClose={() => setOpen(null)} /> : null}
      {open === 'back' ? <BackDialog visit={row} onClose={() => setOpen(null)} /> : null}
    </>
  )
}
