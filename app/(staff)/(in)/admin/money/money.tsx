'use client'
import { useLocale, useTranslations } from 'next-intl'
import Link from 'next/link'
import { useState } from 'react'
import { useLive } from '@/components/staff/use-live'
import { Button, buttonClass } from '@/components/ui/button'
import { BackDialog } from '@/components/money/back-dialog'
import { Closings } from '@/components/money/closings'
import { Issued } from '@/components/money/issued'
import { Card, CardTitle, PageHeader } from '@/components/ui/card'
import { Chart } from '@/components/ui/chart'
import { ChevronLeftIcon, ChevronRightIcon } from '@/components/ui/icons'
import { Badge, Banner, type Tone } from '@/components/ui/status'
import { Stat, Table } from '@/components/ui/table'
import { call } from '@/lib/browser/api'
import { otherMonth, type MoneyOf, type MoneyView } from '@/lib/ledger/month'
import type { Bounced, DisputedVisit, OpenVisit } from '@/lib/ledger/rules'
import { formatMoney } from '@/lib/money'
import { dayIn, formatDate, formatPlainDay, formatTime } from '@/lib/time'
import { Entries } from './entries'

export function Money({ start }: { start: MoneyView }) {
  const t = useTranslations('money')
  const locale = useLocale()
  const [view, setView] = useState(start)
  const [stale, setStale] = useState(false)
  useLive(async () => {
    const fresh = await call('ledger/month', { month: view.month })
    if (fresh.ok) setView(fresh.value)
    setStale(!fresh.ok)
  }, 5000)
  const { month, today } = view
  const current = today.slice(0, 7)
  const step = buttonClass({ size: 'sm' })
  return (
    <>
      <PageHeader
        eyebrow={t('title')}
        title={formatPlainDay(`${month}-01`, locale, { month: 'long', year: 'numeric' })}
        lead={t('lead')}
        actions={
          <>
            <nav aria-label={t('months')} className="flex gap-2">
              <Link
                href={`/admin/money?month=${otherMonth(month, -1)}`}
                aria-label={t('previous')}
                className={`${step} px-3`}
              >
                <ChevronLeftIcon />
              </Link>
              <Link href="/admin/money" aria-current={month === current ? 'date' : undefined} className={step}>
                {t('thisMonth')}
              </Link>
              {month < current ? (
                <Link
                  href={`/admin/money?month=${otherMonth(month, 1)}`}
                  aria-label={t('next')}
                  className={`${step} px-3`}
                >
                  <ChevronRightIcon />
                </Link>
              ) : null}
            </nav>
            <Entries month={month} />
          </>
        }
      />
      {stale ? (
        <Banner tone="warning" announce className="mb-5">
          {t('stale')}
        </Banner>
      ) : null}
      <div className="flex flex-col gap-6">
        {view.currencies.map((money, nth) => (
          <Currency key={money.currency} money={money} view={view} vouchers={nth === 0 ? view.vouchers : 0} />
        ))}
        {view.bounced.length ? <BouncedRefunds view={view} /> : null}
        {view.disputed.length ? <Disputes view={view} /> : null}
        <UnpaidVisits view={view} />
        <Issued month={month} />
        <Closings />
      </div>
    </>
  )
}

function Currency({ money, view, vouchers }: { money: MoneyOf; view: MoneyView; vouchers: number }) {
  const t = useTranslations('money')
  const locale = useLocale()
  const { currency, today, month, weeks, services } = money
  const amount = (minor: number) => formatMoney(minor, currency, locale)
  const moved = ({ takenMinor, returnedMinor }: MoneyOf['month']) => ({
    taken: amount(takenMinor),
    returned: amount(returnedMinor),
  })
  const name = formatPlainDay(`${view.month}-01`, locale, { month: 'long', year: 'numeric' })
  const best = weeks.reduce((most, week) => (week.earnedMinor > most.earnedMinor ? week : most))
  const day = (iso: string) => formatPlainDay(iso, locale, { day: 'numeric', month: 'short' })
  const days = ({ from, to }: { from: string; to: string }) =>
    from === to ? String(Number(from.slice(8))) : `${Number(from.slice(8))}–${Number(to.slice(8))}`
  return (
    <section aria-label={currency.toUpperCase()} className="flex flex-col gap-6">
      <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-5">
        <Stat label={t('earnedToday')} value={amount(today.earnedMinor)} hint={t('moved', moved(today))} />
        <Stat
          label={t('earnedMonth', { month: name })}
          value={amount(month.earnedMinor)}
          hint={
            <>
              {month.feesMinor ? <span className="block">{t('fees', { amount: amount(month.feesMinor) })}</span> : null}
              {t('moved', moved(month))}
            </>
          }
        />
        <Stat
          label={t('unpaid')}
          value={amount(money.unpaidMinor)}
          hint={t('unpaidHint', { count: money.unpaidVisits })}
        />
        <Stat label={t('deposits')} value={amount(money.depositsMinor)} hint={t('depositsHint')} />
        <Stat
          label={t('refundsDue')}
          value={amount(money.refundsDueMinor)}
          hint={t('refundsDueHint', {
            due: !money.refundsDueMinor
              ? 'none'
              : view.bounced.some((each) => each.currency === currency)
                ? 'bounced'
                : 'some',
          })}
        />
      </div>
      <div className="grid items-start gap-6 xl:grid-cols-2">
        <Card>
          <Chart
            title={t('earnedMonth', { month: name })}
            summary={
              best.earnedMinor > 0
                ? t('chartSummary', { from: day(best.from), to: day(best.to), amount: amount(best.earnedMinor) })
                : t('chartEmpty')
            }
            labelHead={t('days')}
            valueHead={t('earned')}
            points={weeks.map((week) => ({
              label: days(week),
              value: Math.max(0, week.earnedMinor),
              shown: amount(week.earnedMinor),
              marked: week.from <= view.today && view.today <= week.to,
            }))}
          />
        </Card>
        <Card>
          <CardTitle>{t('services')}</CardTitle>
          <Table
            caption={t('services')}
            columns={[
              { key: 'service', label: t('service'), heading: true },
              { key: 'visits', label: t('visits'), align: 'end' },
              { key: 'earned', label: t('earned'), align: 'end' },
            ]}
            rows={services.map(({ service, visits, earnedMinor }) => ({
              id: service ?? '',
              cells: { service: service ?? t('feesOf'), visits, earned: amount(earnedMinor) },
            }))}
            empty={<p className="text-soft">{t('servicesEmpty')}</p>}
          />
          {vouchers ? <p className="mt-4 text-soft">{t('vouchers', { count: vouchers })}</p> : null}
        </Card>
      </div>
    </section>
  )
}

/** Day and time of a visit, in the clinic's zone. */
function useWhen(zone: string) {
  const locale = useLocale()
  return ({ startsAt }: OpenVisit) => {
    const at = new Date(startsAt)
    return `${formatDate(at, zone, locale)}, ${formatTime(at, zone, locale)}`
  }
}

/** What no card took back, each with the ways out. */
function BouncedRefunds({ view }: { view: MoneyView }) {
  const t = useTranslations('money')
  const locale = useLocale()
  const when = useWhen(view.zone)
  const [open, setOpen] = useState<Bounced | null>(null)
  return (
    <Card>
      <CardTitle>{t('bouncedTitle')}</CardTitle>
      <p className="mb-4 text-soft">{t('bouncedLead')}</p>
      <Table
        caption={t('bouncedTitle')}
        columns={[
          { key: 'when', label: t('when'), heading: true },
          { key: 'service', label: t('service') },
          { key: 'practitioner', label: t('practitioner') },
          { key: 'amount', label: t('amount'), align: 'end' },
          { key: 'act', label: t('bouncedAct'), bare: true },
        ]}
        rows={view.bounced.map((visit) => ({
          id: `${visit.appointmentId} ${visit.currency}`,
          cells: {
            when: when(visit),
            service: visit.service,
            practitioner: visit.practitioner,
            amount: formatMoney(visit.amountMinor, visit.currency, locale),
            act: (
              <Button size="sm" aria-label={t('bouncedActFor', { when: when(visit) })} onClick={() => setOpen(visit)}>
                {t('bouncedAct')}
              </Button>
            ),
          },
        }))}
      />
      {open ? <BackDialog visit={{ ...open, bouncedMinor: open.amountMinor }} onClose={() => setOpen(null)} /> : null}
    </Card>
  )
}

const disputeTones: Record<DisputedVisit['state'], Tone> = {
  inquiry: 'warning',
  open: 'danger',
  lost: 'neutral',
  won: 'success',
  closed: 'neutral',
}

/** What payers' banks question: the answer is given in Stripe's own pages, and the books follow what comes of it. */
function Disputes({ view }: { view: MoneyView }) {
  const t = useTranslations('money')
  const locale = useLocale()
  const when = useWhen(view.zone)
  return (
    <Card>
      <CardTitle>{t('disputesTitle')}</CardTitle>
      <p className="mb-4 text-soft">{t('disputesLead')}</p>
      <Table
        caption={t('disputesTitle')}
        columns={[
          { key: 'when', label: t('when'), heading: true },
          { key: 'service', label: t('service') },
          { key: 'state', label: t('disputeState') },
          { key: 'answer', label: t('answerBy') },
          { key: 'amount', label: t('amount'), align: 'end' },
          { key: 'open', label: t('openDay'), bare: true },
        ]}
        rows={view.disputed.map((visit, index) => ({
          id: `${visit.appointmentId} ${index}`,
          cells: {
            when: when(visit),
            service: visit.service,
            state: <Badge tone={disputeTones[visit.state]}>{t(`dispute.${visit.state}`)}</Badge>,
            answer:
              visit.answerBy && (visit.state === 'open' || visit.state === 'inquiry')
                ? formatDate(new Date(visit.answerBy), view.zone, locale)
                : t('noAnswer'),
            amount: formatMoney(visit.amountMinor, visit.currency, locale),
            open: <OpenDay visit={visit} view={view} />,
          },
        }))}
      />
    </Card>
  )
}

function OpenDay({ visit, view }: { visit: OpenVisit; view: MoneyView }) {
  const t = useTranslations('money')
  const when = useWhen(view.zone)
  return (
    <Link
      href={`/today?day=${dayIn(view.zone, new Date(visit.startsAt))}&who=all`}
      aria-label={t('openDayFor', { when: when(visit) })}
      className={buttonClass({ size: 'sm' })}
    >
      {t('openDay')}
    </Link>
  )
}

function UnpaidVisits({ view }: { view: MoneyView }) {
  const t = useTranslations('money')
  const locale = useLocale()
  const when = useWhen(view.zone)
  return (
    <Card>
      <CardTitle>{t('unpaidTitle')}</CardTitle>
      <Table
        caption={t('unpaidTitle')}
        columns={[
          { key: 'when', label: t('when'), heading: true },
          { key: 'service', label: t('service') },
          { key: 'practitioner', label: t('practitioner') },
          { key: 'amount', label: t('amount'), align: 'end' },
          { key: 'open', label: t('openDay'), bare: true },
        ]}
        rows={view.unpaid.visits.map((visit) => ({
          id: visit.appointmentId,
          cells: {
            when: when(visit),
            service: visit.service,
            practitioner: visit.practitioner,
            amount: formatMoney(visit.amountMinor, visit.currency, locale),
            open: <OpenDay visit={visit} view={view} />,
          },
        }))}
        empty={<p className="text-soft">{t('unpaidEmpty')}</p>}
      />
      {view.unpaid.total > view.unpaid.visits.length ? (
        <p className="mt-4 text-soft">
          {t('unpaidMore', { shown: view.unpaid.visits.length, total: view.unpaid.total })}
        </p>
      ) : null}
    </Card>
  )
}
