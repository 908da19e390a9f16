'use client'
import { useFormatter, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { AskFirst } from '@/components/ui/ask-first'
import { Button } from '@/components/ui/button'
import { Card, CardTitle, Facts } from '@/components/ui/card'
import { CardIcon } from '@/components/ui/icons'
import { Badge, Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { ClinicProfile } from '@/lib/clinic/rules'
import type { MerchantView, MoneyRoutes } from '@/lib/merchant/rules'
import { ConnectKey } from './connect-key'

/** Where patients' money goes: the clinic's own account at Stripe, this server's, or nowhere. */
export function Payments({ start, clinic }: { start: MoneyRoutes; clinic: ClinicProfile }) {
  const t = useTranslations('admin.payments')
  const reason = useReason()
  const toast = useToast()
  const [routes, setRoutes] = useState(start)
  const [replacing, setReplacing] = useState(false)
  const { uses, offersPlatform, own } = routes
  const current = own.find(({ isCurrent }) => isCurrent)
  const earlier = own.filter(({ isCurrent }) => !isCurrent)
  const connected = uses !== 'none'
  const [toggle, busy] = useBusy(async () => {
    const answer = await call('clinic/connect-payments', { connected: uses !== 'platform' })
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    setRoutes({ ...routes, uses: answer.value.connected ? 'platform' : 'none' })
  })
  const changed = (next: MoneyRoutes) => {
    setRoutes(next)
    setReplacing(false)
  }
  const form = <ConnectKey clinic={clinic.name} onConnected={changed} />
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="flex max-w-prose flex-wrap items-center gap-2.5">
        <Badge tone={connected ? 'success' : 'neutral'}>{t(connected ? 'on' : 'off')}</Badge>
        {current ? (
          <Badge tone={current.live ? 'success' : 'warning'}>{t(current.live ? 'liveMode' : 'testMode')}</Badge>
        ) : null}
        <span className="text-soft">{t(connected ? 'onText' : 'offText')}</span>
      </p>
      {current ? (
        <div className="mt-5 flex flex-col gap-5">
          <Current own={current} clinic={clinic} />
          <div className="flex flex-wrap gap-2.5">
            <Button onClick={() => setReplacing(!replacing)} aria-expanded={replacing}>
              {t(replacing ? 'keep' : 'replace')}
            </Button>
            <Remove own={current} onRemoved={changed} />
          </div>
          {replacing ? (
            <div className="border-t border-line pt-5">
              <p className="mb-5 max-w-prose text-soft">{t('replaceLead')}</p>
              {form}
            </div>
          ) : null}
        </div>
      ) : (
        <section className="mt-6 border-t border-line pt-5">
          <h3 className="text-lg">{t('connectOwn')}</h3>
          <p className="mt-1 mb-5 max-w-prose text-soft">{t('connectLead')}</p>
          {form}
        </section>
      )}
      {earlier.length ? (
        <section className="mt-6 border-t border-line pt-5">
          <h3 className="mb-3 text-lg">{t('earlier')}</h3>
          <ul className="flex flex-col gap-4">
            {earlier.map((each) => (
              <li key={each.id} className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
                <div className="min-w-0 max-w-prose">
                  <p className="font-semibold wrap-anywhere">{each.name}</p>
                  <p className="text-sm text-soft">
                    {each.hasKey ? t('earlierText') : t('keyless', { count: each.owed })}
                  </p>
                </div>
                {each.hasKey ? <Remove own={each} onRemoved={setRoutes} /> : null}
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      {uses === 'platform' || (offersPlatform && !current) ? (
        <section className="mt-6 flex flex-wrap items-center justify-between gap-4 border-t border-line pt-5">
          <div className="max-w-prose">
            <h3 className="text-lg">{t('platform')}</h3>
            <p className="text-soft">{t('platformText')}</p>
          </div>
          <Button icon={<CardIcon />} busy={busy} onClick={() => void toggle()}>
            {t(uses === 'platform' ? 'disconnect' : 'connect')}
          </Button>
        </section>
      ) : null}
    </Card>
  )
}

function Current({ own, clinic }: { own: MerchantView; clinic: ClinicProfile }) {
  const t = useTranslations('admin.payments')
  const format = useFormatter()
  const mine = clinic.currency.toUpperCase()
  const facts = [
    {
      label: t('account'),
      value: (
        <span className="wrap-anywhere">
          {own.name} {own.name === own.account ? null : <span className="font-normal text-soft">{own.account}</span>}
        </span>
      ),
    },
    { label: t('key'), value: t('keyEnds', { last: own.lastFour }) },
    ...(own.currency
      ? [
          {
            label: t('currency'),
            value: (
              <>
                {own.currency.toUpperCase()}
                {own.currency === clinic.currency ? null : (
                  <span className="block text-sm font-normal text-soft">{t('differs', { currency: mine })}</span>
                )}
              </>
            ),
          },
        ]
      : []),
    ...(own.owed ? [{ label: t('owed'), value: t('owedCount', { count: own.owed }) }] : []),
  ]
  return (
    <>
      {own.refusedAt ? (
        <Banner tone="danger" title={t('refused')}>
          {t('refusedText', {
            date: format.dateTime(new Date(own.refusedAt), { dateStyle: 'medium', timeZone: clinic.timeZone }),
          })}
        </Banner>
      ) : null}
      {own.live ? null : <Banner tone="warning">{t('testText')}</Banner>}
      <Facts items={facts} />
    </>
  )
}

function Remove({ own, onRemoved }: { own: MerchantView; onRemoved: (routes: MoneyRoutes) => void }) {
  const t = useTranslations('admin.payments')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const act = async () => {
    const answer = await call('merchant/remove', { id: own.id })
    if (!answer.ok) return reason(answer.code)
    toast(t('removed'), 'success')
    onRemoved(answer.value)
    return null
  }
  return (
    <AskFirst
      title={t('removeTitle', { name: own.name })}
      description={
        <>
          {t('removeText')}
          {own.owed ? <span className="mt-2 block text-ink">{t('removeOwed', { count: own.owed })}</span> : null}
        </>
      }
      cancelLabel={c('cancel')}
      actionLabel={t('remove')}
      act={act}
      trigger={<Button aria-label={t('removeOf', { name: own.name })}>{t('remove')}</Button>}
    />
  )
}
