'use client'
import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useCallback, useEffect, useState } from 'react'
import { Button, LinkButton } from '@/components/ui/button'
import { Card, CardTitle, Facts } from '@/components/ui/card'
import { AlertDialog } from '@/components/ui/dialog'
import { Banner, EmptyState, Skeleton } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { useLinkSecret } from '@/components/ui/use-link-secret'
import { slotName } from '@/lib/slot/rules'
import { call } from '@/lib/browser/api'
import { takeOffered } from '@/lib/browser/booking-hold'
import { formatDate, formatPlainDay, formatTime, zoneCity } from '@/lib/time'
import type { WaitView } from '@/lib/waitlist/rules'
import { useFault } from './wish-fields'

/** What a link from the waiting list shows: the question whether one wants to be told, one's place, or a time that is kept. */
export function PlaceInLine({ id }: { id: string }) {
  const t = useTranslations('waitlist.link')
  const c = useTranslations('common')
  const fault = useFault()
  const secret = useLinkSecret()
  const [view, setView] = useState<WaitView | null>(null)
  const [code, setCode] = useState('')
  const [asking, setAsking] = useState(false)
  const [declined, setDeclined] = useState(false)

  const load = useCallback(
    async (by: string) => {
      const answer = await call('waitlist/open', { id, secret: by }, { retry: true })
      if (answer.ok) setView(answer.value)
      setCode(answer.ok ? '' : answer.code)
    },
    [id],
  )
  // Asked again now and then, and whenever the page is looked at: a time comes and goes without it.
  useEffect(() => {
    if (!secret) return
    void load(secret)
    const again = () => document.visibilityState === 'visible' && void load(secret)
    const timer = setInterval(again, 20_000)
    document.addEventListener('visibilitychange', again)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', again)
    }
  }, [secret, load])

  const [act, busy] = useBusy(async (what: 'confirm' | 'leave' | 'decline') => {
    const link = { id, secret: secret! }
    const answer =
      what === 'decline'
        ? await call('waitlist/decline', { ...link, appointmentId: view!.offer!.appointmentId })
        : await call(`waitlist/${what}`, link)
    setAsking(false)
    setDeclined(answer.ok && what === 'decline')
    await load(link.secret)
    if (!answer.ok) setCode(answer.code)
  })
  const [take, taking] = useBusy(async () => {
    const { clinic, service, offer } = view!
    const { appointmentId, ...slot } = offer!
    const taken = await takeOffered(
      { id, secret: secret! },
      { clinicId: clinic.id, serviceId: service.id, appointmentId, slot },
    )
    if (taken.ok)
      location.assign(`/c/${clinic.slug}?${new URLSearchParams({ service: service.id, slot: slotName(slot) })}`)
    else {
      await load(secret!)
      setCode(taken.code)
    }
  })

  if (secret === null) return <EmptyState title={t('noLinkTitle')}>{t('noLink')}</EmptyState>
  if (!view) {
    if (code === 'NOT_FOUND' || code === 'BAD_INPUT')
      return <EmptyState title={t('notFoundTitle')}>{t('notFound')}</EmptyState>
    return (
      <div role="status" aria-label={c('loading')}>
        {code ? (
          <Banner tone="warning" className="mb-4">
            {fault.code(code)}
          </Banner>
        ) : null}
        <Skeleton className="h-72 rounded-card" />
      </div>
    )
  }
  const { clinic, state, endReason, offer } = view
  const again = (
    <LinkButton href={`/c/${clinic.slug}?${new URLSearchParams({ service: view.service.id })}`}>
      {t('again', { clinic: clinic.name })}
    </LinkButton>
  )
  if (state === 'ended')
    return (
      <div role="status">
        <EmptyState title={t('endedTitle')} action={again}>
          {t(`ended.${endReason ?? 'left'}`)}
        </EmptyState>
      </div>
    )
  const leave = (
    <Button variant="quiet" onClick={() => setAsking(true)}>
      {t('leave')}
    </Button>
  )
  return (
    <div className="flex flex-col gap-5">
      {code ? (
        <Banner tone="warning" announce>
          {fault.code(code)}
        </Banner>
      ) : declined ? (
        <Banner tone="info" announce>
          {t('declined')}
        </Banner>
      ) : null}
      {state === 'asked' ? (
        <Part title={t('askTitle')} text={t('ask', { clinic: clinic.name })} facts={<Wish view={view} />}>
          <Button variant="primary" busy={busy} onClick={() => void act('confirm')}>
            {t('confirm')}
          </Button>
          <Button variant="quiet" busy={busy} onClick={() => void act('leave')}>
            {t('notMe')}
          </Button>
        </Part>
      ) : offer?.begun ? (
        <Part title={t('begunTitle')} text={t('begun')} facts={<Offered view={view} />}>
          {leave}
        </Part>
      ) : offer ? (
        <Part title={t('offerTitle')} text={t('next')} facts={<Offered view={view} />}>
          <Button variant="primary" busy={taking} onClick={() => void take()}>
            {t('book')}
          </Button>
          <Button busy={busy} onClick={() => void act('decline')}>
            {t('decline')}
          </Button>
          {leave}
        </Part>
      ) : (
        <Part title={t('waitingTitle')} text={t('waiting', { minutes: view.minutes })} facts={<Wish view={view} />}>
          {again}
          {leave}
        </Part>
      )}
      <AlertDialog
        title={t('leaveTitle')}
        description={t('leaveText')}
        cancelLabel={c('back')}
        actionLabel={t('leave')}
        open={asking}
        onOpenChange={setAsking}
        busy={busy}
        onAction={() => void act('leave')}
      />
    </div>
  )
}

const Part = ({
  title,
  text,
  facts,
  children,
}: {
  title: string
  text: string
  facts: ReactNode
  children: ReactNode
}) => (
  <Card>
    <div role="status">
      <CardTitle>{title}</CardTitle>
      <p className="mb-5 max-w-prose text-soft">{text}</p>
    </div>
    {facts}
    <div className="mt-5 flex flex-wrap gap-2.5 border-t border-line pt-5">{children}</div>
  </Card>
)

function Wish({ view }: { view: WaitView }) {
  const t = useTranslations('waitlist.link')
  const page = useTranslations('waitlist.page')
  const locale = useLocale()
  const day = (at: string) => formatPlainDay(at, locale, { weekday: 'short', day: 'numeric', month: 'long' })
  return (
    <Facts
      items={[
        { label: t('what'), value: [view.service.name, view.practitioner, view.site].filter(Boolean).join(', ') },
        {
          label: t('when'),
          value: (
            <>
              <span className="block">
                {view.firstDay === view.lastDay
                  ? day(view.firstDay)
                  : t('days', { from: day(view.firstDay), until: day(view.lastDay) })}
              </span>
              <span className="font-normal text-soft">{view.parts.map((part) => page(`part.${part}`)).join(', ')}</span>
            </>
          ),
        },
      ]}
    />
  )
}

function Offered({ view }: { view: WaitView }) {
  const t = useTranslations('waitlist.link')
  const locale = useLocale()
  const offer = view.offer!
  const [startsAt, until] = [new Date(offer.startsAt), new Date(offer.heldUntil)]
  return (
    <Facts
      items={[
        {
          label: t('time'),
          value: (
            <>
              <span className="block first-letter:uppercase">{formatDate(startsAt, view.timeZone, locale)}</span>
              <span className="figures">{formatTime(startsAt, view.timeZone, locale)}</span>{' '}
              <span className="font-normal text-soft">({zoneCity(view.timeZone)})</span>
              <span className="block font-normal text-soft">
                {t('keptUntil', { time: formatTime(until, view.timeZone, locale) })}
              </span>
            </>
          ),
        },
        { label: t('what'), value: [view.service.name, offer.practitioner, offer.site].filter(Boolean).join(', ') },
      ]}
    />
  )
}
