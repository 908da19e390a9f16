'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useCallback, useEffect, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Card, CardTitle, Facts } from '@/components/ui/card'
import { Banner, EmptyState, Skeleton } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { useLinkSecret } from '@/components/ui/use-link-secret'
import { call } from '@/lib/browser/api'
import type { CompanionView } from '@/lib/companion/rules'
import { formatDate, formatTime, sameClock, zoneCity } from '@/lib/time'

/** What the link of somebody who comes along shows: when and where, and a yes or a no. */
export function ComeAlong({ id }: { id: string }) {
  const t = useTranslations('companion.page')
  const c = useTranslations('common')
  const errors = useTranslations('errors')
  const locale = useLocale()
  const secret = useLinkSecret()
  const [view, setView] = useState<CompanionView | null>(null)
  const [code, setCode] = useState('')
  const top = useRef<HTMLDivElement>(null)
  const load = useCallback(
    async (by: string) => {
      const answer = await call('companion/open', { id, secret: by }, { retry: true })
      if (answer.ok) setView(answer.value)
      setCode(answer.ok ? '' : answer.code)
    },
    [id],
  )
  // Whenever the page is looked at: it may have been moved meanwhile.
  useEffect(() => {
    if (!secret) return
    void load(secret)
    const again = () => document.visibilityState === 'visible' && void load(secret)
    document.addEventListener('visibilitychange', again)
    return () => document.removeEventListener('visibilitychange', again)
  }, [secret, load])
  const [say, busy] = useBusy(async (what: 'accept' | 'decline') => {
    const answer = await call(`companion/${what}`, { id, secret: secret!, startsAt: view!.startsAt }, { retry: true })
    await load(secret!)
    if (!answer.ok) return setCode(answer.code)
    // The button that was pressed is gone.
    top.current?.focus()
  })
  const fault = code ? errors((errors.has(code as 'INTERNAL') ? code : 'INTERNAL') as 'INTERNAL') : null

  if (secret === null) return <EmptyState title={t('noLinkTitle')}>{t('noLink')}</EmptyState>
  if (!view) {
    if (code === 'NOT_FOUND' || code === 'BAD_INPUT')
      return <EmptyState title={t('notFoundTitle')}>{t('notFound')}</EmptyState>
    return (
      <div role="status" aria-label={c('loading')}>
        {fault ? (
          <Banner tone="warning" className="mb-4">
            {fault}
          </Banner>
        ) : null}
        <Skeleton className="h-72 rounded-card" />
      </div>
    )
  }
  const { clinic, state, may } = view
  const moment = (iso: string) =>
    `${formatDate(new Date(iso), clinic.timeZone, locale)}, ${formatTime(new Date(iso), clinic.timeZone, locale)}`
  const words = {
    invited: {
      title: t(`ask.${view.kind}`, { clinic: clinic.name }),
      text: [view.first ? t('first') : '', t('answerBy', { until: moment(view.answerBy) })].filter(Boolean).join(' '),
    },
    accepted: {
      title: t('acceptedTitle'),
      text: `${t('accepted')} ${may.decline ? t('change', { until: moment(view.changeableUntil) }) : t('late')}`,
    },
    declined: { title: t('declinedTitle'), text: t('declined') },
    lapsed: { title: t('lapsedTitle'), text: t('lapsed') },
    withdrawn: { title: t('withdrawnTitle'), text: t('withdrawn') },
  }[state]
  return (
    <div className="flex flex-col gap-5">
      {fault ? (
        <Banner tone="warning" announce>
          {fault}
        </Banner>
      ) : null}
      {view.movedFrom && state === 'invited' ? (
        <Banner tone="info">{t('moved', { was: moment(view.movedFrom) })}</Banner>
      ) : null}
      <Card>
        <div ref={top} role="status" tabIndex={-1} className="outline-none">
          <CardTitle>{words.title}</CardTitle>
          <p className="mb-5 max-w-prose text-soft">{words.text}</p>
        </div>
        <When view={view} />
        {may.accept || may.decline ? (
          <div className="mt-5 flex flex-wrap gap-2.5 border-t border-line pt-5">
            {may.accept ? (
              <Button variant="primary" busy={busy} onClick={() => void say('accept')}>
                {t(state === 'invited' ? 'yes' : 'can')}
              </Button>
            ) : null}
            {may.decline ? (
              <Button busy={busy} onClick={() => void say('decline')}>
                {t(state === 'invited' ? 'no' : 'cannot')}
              </Button>
            ) : null}
          </div>
        ) : null}
      </Card>
    </div>
  )
}

function When({ view }: { view: CompanionView }) {
  const t = useTranslations('companion.page')
  const locale = useLocale()
  const { clinic, way, place, language } = view
  const [startsAt, endsAt] = [new Date(view.startsAt), new Date(view.endsAt)]
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone
  const zone = clinic.timeZone
  return (
    <Facts
      items={[
        {
          label: t('when'),
          value: (
            <>
              <span className="block first-letter:uppercase">{formatDate(startsAt, zone, locale)}</span>
              <span className="figures">
                {formatTime(startsAt, zone, locale)} {t('until', { time: formatTime(endsAt, zone, locale) })}
              </span>{' '}
              <span className="font-normal text-soft">({zoneCity(zone)})</span>
              {sameClock(own, zone, startsAt) ? null : (
                <span className="block font-normal text-soft">
                  {t('ownClock', {
                    ...{ date: formatDate(startsAt, own, locale), time: formatTime(startsAt, own, locale) },
                  })}
                </span>
              )}
            </>
          ),
        },
        {
          label: t('where'),
          value: place ?? <span className="font-normal">{t(`way.${way as 'video'}`)}</span>,
        },
        ...(language ? [{ label: t('language'), value: language }] : []),
        ...(clinic.phone ? [{ label: t('phone'), value: <a href={`tel:${clinic.phone}`}>{clinic.phone}</a> }] : []),
      ]}
    />
  )
}
