'use client'
import { NextIntlClientProvider, useTranslations } from 'next-intl'
import { useCallback, useEffect, useState } from 'react'
import { Button, LinkButton } from '@/components/ui/button'
import { Banner, EmptyState, Skeleton } from '@/components/ui/status'
import { LockIcon } from '@/components/ui/icons'
import { useBusy } from '@/components/ui/use-busy'
import { loadErasure, type OwnRequest } from '@/lib/browser/erasure'
import linkSecretOf from '@/lib/browser/link-secret'
import { loadOwn, mayBeHelpers, type OwnAnswer } from '@/lib/browser/patient-chart'
import type { Locale, Messages } from '@/lib/messages/catalogue'
import { CardSection } from '@/components/emergency/card-section'
import { WhoLooked } from '@/components/audit/who-looked'
import { Carers } from '@/components/care/carers'
import { EndSoon } from '@/components/care/end-soon'
import { Helping, PeopleHere } from '@/components/care/helping'
import { IfLost } from '@/components/care/if-lost'
import { NoLonger } from '@/components/care/no-longer'
import { WhoseDevice } from '@/components/care/whose-device'
import { AddDevice } from './add-device'
import { ToldSection } from '@/components/emergency/told-section'
import { ErasureSection } from '@/components/retention/erasure-section'
import { Contents } from './contents'
import { DeviceCode } from './device-code'
import { Devices } from './devices'
import { DownloadAll } from './download-all'
import { Forged } from './forged'
import { KeepAccess } from './keep-access'
import { Restore } from './restore'
import { UseDevice } from './use-device'

interface Props {
  appointmentId: string
  locale: Locale
  messages: Pick<
    Messages,
    'audit' | 'care' | 'devices' | 'emergency' | 'keep' | 'recognition' | 'retention' | 'errors' | 'common'
  >
}

export function PatientAccess({ appointmentId, locale, messages }: Props) {
  return (
    <NextIntlClientProvider locale={locale} messages={messages} timeZone="UTC">
      <Sections appointmentId={appointmentId} />
    </NextIntlClientProvider>
  )
}

function Sections({ appointmentId }: { appointmentId: string }) {
  const t = useTranslations('devices')
  const [own, setOwn] = useState<OwnAnswer | null>(null)
  const [erased, setErased] = useState(false)
  // Whose answer it is: said once for a device.
  const [isOwn, setIsOwn] = useState('')
  const load = useCallback(async () => {
    const fresh = await loadOwn(appointmentId)
    // Nothing left: by the clinic's signed answer, or for a reason that the other parts of the page tell.
    const gone = fresh.ok && fresh.value.chart.records.length === 0 && (await loadErasure(fresh.value.patient))
    const wasErased = ({ signed, purge }: OwnRequest) => signed && signed !== 'forged' && purge?.destroyedAt
    setErased(Boolean(gone && gone.ok && gone.value.requests.some(wasErased)))
    setOwn(fresh)
  }, [appointmentId])
  useEffect(() => void load(), [load])
  const [again, loading] = useBusy(load)
  const isOffline = own !== null && !own.ok && own.why === 'offline'
  useEffect(() => {
    if (!isOffline) return
    const retry = () => void again()
    addEventListener('online', retry)
    return () => removeEventListener('online', retry)
  })

  const [secret, setSecret] = useState<string | null>(null)
  useEffect(() => {
    const linked = /[#&]s=([\w-]{20,64})/.exec(location.hash)?.[1]
    if (linked) setSecret(linked)
    else void linkSecretOf(appointmentId).then(setSecret)
  }, [appointmentId])

  if (!own)
    return (
      <div role="status" aria-label={t('loading')}>
        <Skeleton className="h-60 rounded-card" />
      </div>
    )
  if (!own.ok && own.why === 'no-keys' && secret)
    return (
      <div className="flex flex-col gap-6">
        <Restore appointmentId={appointmentId} onDone={load} />
        <UseDevice appointmentId={appointmentId} secret={secret} onDone={load} />
      </div>
    )
  if (!own.ok && own.why === 'no-keys')
    return (
      <div className="flex flex-col gap-6">
        <EmptyState
          icon={LockIcon}
          title={t('notHereTitle')}
          action={<LinkButton href={`/a/${appointmentId}`}>{t('back')}</LinkButton>}
        >
          {t('notHere')}
        </EmptyState>
        <Restore appointmentId={appointmentId} onDone={load} />
      </div>
    )
  if (!own.ok && own.why === 'forged') return <Forged />
  if (!own.ok && own.why === 'helped')
    return (
      <div className="flex flex-col gap-6">
        <NoLonger patient={own.patient} care={own.care} appointmentId={appointmentId} />
        <PeopleHere patientId={own.patient.patientId} />
      </div>
    )
  if (!own.ok)
    return (
      <Banner
        tone="warning"
        announce
        actions={
          <Button size="sm" busy={loading} onClick={() => void again()}>
            {t('again')}
          </Button>
        }
      >
        {t('offline')}
      </Banner>
    )
  const { chart, identity } = own.value
  if (chart.byCode) return <DeviceCode own={own.value} appointmentId={appointmentId} onChange={load} />
  // Devices, cards and who looked are of somebody that the clinic knows: what is left of this one is the answer and its receipt.
  if (erased)
    return (
      <div className="flex flex-col gap-6">
        <Banner tone="success" title={t('erasedTitle')}>
          {t('erased')}
        </Banner>
        <ErasureSection own={own.value} appointmentId={appointmentId} />
      </div>
    )
  const mine = own.value.care.find((each) => each.mine)
  // Who helps sees what they are and no more: devices, cards and who looked are the patient's.
  if (mine?.role === 'carer')
    return (
      <div className="flex flex-col gap-6">
        {identity ? <p className="text-lg">{t('for', { name: identity.name })}</p> : null}
        <EndSoon own={own.value} />
        <Helping own={own.value} care={mine} onEnded={() => void load()} />
        <PeopleHere patientId={own.value.patient.patientId} />
        <DownloadAll patient={own.value.patient} helped={identity?.name} />
      </div>
    )
  const at = chart.appointments.find(({ id }) => id === appointmentId)
  const visit = { practitioner: at?.practitionerId ?? '', site: at?.siteId ?? null }
  const { keyId } = own.value.patient
  const asks = mayBeHelpers(own.value, new Date(chart.now)) && isOwn !== keyId && !isSaidOwn(keyId)
  return (
    <div className="flex flex-col gap-6">
      {identity ? <p className="text-lg">{t('for', { name: identity.name })}</p> : null}
      {asks ? (
        <WhoseDevice
          own={own.value}
          visit={visit}
          onOwn={() => {
            sayOwn(keyId)
            setIsOwn(keyId)
          }}
          onSaid={() => void load()}
        />
      ) : null}
      <Contents without={mine || asks ? ['keep'] : []} />
      <EndSoon own={own.value} />
      {mine ? <Helping own={own.value} care={mine} onEnded={() => void load()} /> : null}
      <PeopleHere patientId={own.value.patient.patientId} />
      <div id="devices" className="flex scroll-mt-6 flex-col gap-6">
        {mine ? null : <Devices own={own.value} />}
        <AddDevice own={own.value} child={mine ? (identity?.name ?? '') : null} onAdded={() => void load()} />
      </div>
      {mine ? <IfLost name={identity?.name ?? ''} /> : null}
      {mine || asks ? null : <KeepAccess own={own.value} onKept={() => void load()} />}
      <Carers own={own.value} visit={visit} onChange={() => void load()} />
      <CardSection own={own.value} appointmentId={appointmentId} />
      <WhoLooked own={own.value} />
      <ToldSection own={own.value} appointmentId={appointmentId} />
      <DownloadAll patient={own.value.patient} helped={mine && identity?.name} />
      <ErasureSection own={own.value} appointmentId={appointmentId} />
    </div>
  )
}

const saidOwn = (keyId: string) => `curtain-own:${keyId}`

function isSaidOwn(keyId: string): boolean {
  return localStorage.getItem(saidOwn(keyId)) !== null
}

function sayOwn(keyId: string): void {
  localStorage.setItem(saidOwn(keyId), '1')
}
