'use client'
import { useTranslations } from 'next-intl'
import { useCallback, useEffect, useState } from 'react'
import { EndSoon } from '@/components/care/end-soon'
import { HelpedBy } from '@/components/care/helped-by'
import { NoLonger } from '@/components/care/no-longer'
import { Forged } from '@/components/patient-access/forged'
import { Button, LinkButton } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Banner, Skeleton } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { useFocusInSight } from '@/components/ui/use-focus-in-sight'
import { useFocusKept } from '@/components/ui/use-focus-kept'
import { forgetBeen } from '@/lib/browser/earlier-visit'
import { openPatientSession } from '@/lib/browser/patient-session'
import { loadOwn, type OwnAnswer } from '@/lib/browser/patient-chart'
import { onPatientEvent } from '@/lib/browser/patient-events'
import { vault } from '@/lib/browser/vault'
import { mineMark, type OwnProps } from './own'
import { Documents } from './documents'
import { FromClinic } from './from-clinic'
import { Invoices } from './invoices'
import { KeepOffer } from './keep-offer'
import { Series } from './series'
import { Todo } from './todo'

/** The part that only this device can show: who it is for, what is still to be done, and the documents. */
export function PatientOwn({ id, locale, view, onChange }: OwnProps) {
  const t = useTranslations('patient')
  const [own, setOwn] = useState<OwnAnswer | null>(null)
  const keepInSight = useFocusInSight(own)
  const load = useCallback(async () => {
    const answer = await loadOwn(id)
    keepInSight()
    setOwn(answer)
  }, [id, keepInSight])
  const patientId = own?.ok ? own.value.patient.patientId : null

  useEffect(() => {
    void load()
  }, [load, view.status])

  // Asked for once there is something to keep, since some browsers ask the person: one that says no may clear it, which is told.
  const keeps = own?.ok && own.value.patient.home !== 'memory' && view.status !== 'held'
  const [stored, setStored] = useState<boolean | null>(null)
  useEffect(() => {
    if (keeps) void navigator.storage?.persist?.().then(setStored)
  }, [keeps])

  // What the practitioner shares is here at once.
  useEffect(() => {
    if (!patientId) return
    const stop = onPatientEvent(id, patientId, () => {
      void load()
      onChange()
    })
    const renew = setInterval(() => own?.ok && void openPatientSession(own.value.patient), 5 * 60_000)
    const slow = setInterval(() => void load(), 60_000)
    return () => {
      stop()
      clearInterval(renew)
      clearInterval(slow)
    }
  }, [patientId, id, load])

  if (!own) return <Skeleton className="h-40 rounded-card" />
  if (!own.ok) {
    if (own.why === 'offline')
      return (
        <Banner tone="warning" title={t('offlineTitle')}>
          {t('offlineText')}
        </Banner>
      )
    if (own.why === 'forged') return <Forged />
    if (own.why === 'helped') return <NoLonger patient={own.patient} care={own.care} appointmentId={id} />
    return (
      <Banner
        tone="info"
        title={t('newDeviceTitle')}
        actions={
          <>
            <LinkButton size="sm" href="/recover">
              {t('usePasskey')}
            </LinkButton>
            <LinkButton size="sm" href={`/a/${id}/access`}>
              {t('useDevice')}
            </LinkButton>
          </>
        }
      >
        {t(view.way === 'video' ? 'newDevice' : 'newDevicePlain')}
      </Banner>
    )
  }
  const { identity } = own.value
  return (
    <>
      {identity ? <p className="text-lg">{t('for', { name: identity.name })}</p> : null}
      <HelpedBy own={own.value} />
      <EndSoon own={own.value} />
      {own.value.chart.byCode ? (
        <Banner
          tone="info"
          title={t('byCodeTitle')}
          actions={
            <LinkButton size="sm" href={`/a/${id}/access`}>
              {t('openHere')}
            </LinkButton>
          }
        >
          {t('byCode')}
        </Banner>
      ) : (
        <Todo view={view} own={own.value} locale={locale} onDone={() => void load().then(onChange)} />
      )}
      {own.value.chart.byCode ? null : <Series own={own.value} view={view} locale={locale} />}
      {own.value.chart.byCode ? null : <FromClinic {...own.value} />}
      {own.value.chart.byCode ? null : <Documents own={own.value} locale={locale} />}
      <Invoices own={own.value} locale={locale} />
      {own.value.chart.byCode || own.value.care.some(({ mine }) => mine) ? null : (
        <KeepOffer own={own.value} id={id} status={view.status} stored={stored} />
      )}
      <OwnData own={own.value} appointmentId={id} clinic={view.clinic} />
    </>
  )
}

function OwnData({
  own,
  appointmentId,
  clinic,
}: {
  own: Extract<OwnAnswer, { ok: true }>['value']
  appointmentId: string
  clinic: OwnProps['view']['clinic']
}) {
  const t = useTranslations('patient')
  const [asking, setAsking] = useState(false)
  const bar = useFocusKept<HTMLDivElement>(asking)
  const [forget] = useBusy(async () => {
    await vault().forget(own.patient.patientId)
    // Those of a series are marked as well, though this device never was on their pages.
    for (const { id } of [{ id: appointmentId }, ...own.chart.appointments]) localStorage.removeItem(mineMark(id))
    forgetBeen(clinic, await vault().patients())
    location.reload()
  })
  return (
    <Card>
      <CardTitle>{t('data')}</CardTitle>
      {own.chart.byCode ? null : <p className="mb-4 text-soft">{t('dataLead')}</p>}
      <div ref={bar} tabIndex={-1} className="flex flex-wrap gap-2.5 outline-none">
        <LinkButton href={`/a/${appointmentId}/access`}>{t('access')}</LinkButton>
        {asking ? null : (
          <Button variant="quiet" onClick={() => setAsking(true)}>
            {t('forget')}
          </Button>
        )}
      </div>
      {asking ? (
        <div
          role="group"
          aria-label={t('forget')}
          className="mt-4 rounded-control border border-danger/40 bg-danger-wash p-4"
        >
          <p className="mb-3 font-semibold">{t('forgetSure')}</p>
          <div className="flex flex-wrap gap-2.5">
            <Button size="sm" variant="danger" onClick={() => void forget()}>
              {t('forgetYes')}
            </Button>
            <Button size="sm" autoFocus onClick={() => setAsking(false)}>
              {t('cancelNo')}
            </Button>
          </div>
        </div>
      ) : null}
    </Card>
  )
}
