'use client'
import { type ComponentType, useCallback, useEffect, useState } from 'react'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Banner, EmptyState, Skeleton } from '@/components/ui/status'
import { useFocusInSight } from '@/components/ui/use-focus-in-sight'
import type { AppointmentView } from '@/lib/booking/rules'
import { call } from '@/lib/browser/api'
import { bringVisit } from '@/lib/browser/earlier-visit'
import type { ClaimProps } from './claim-form'
import { AppointmentFacts, type Words } from './appointment-facts'
import { Actions } from './appointment-actions'
import { keepLink, mineMark, type OwnProps, visitKey } from './own'

/** Statuses by whose link a follow-up can be booked. */
const visits: readonly AppointmentView['status'][] = ['booked', 'arrived', 'in_consult', 'completed']
const kept = (id: string) => {
  try {
    return localStorage.getItem(mineMark(id)) !== null
  } catch {
    return false
  }
}
const visiting = (id: string) => {
  try {
    return sessionStorage.getItem(visitKey(id))
  } catch {
    return null
  }
}

/** Facts by the link alone; whatever is sealed waits for the device's own keys, and their code for a device that has some. */
export function AppointmentIsland({ id, locale, words }: { id: string; locale: 'en' | 'fr'; words: Words }) {
  const [secret, setSecret] = useState<string | null | undefined>(undefined)
  const [view, setView] = useState<AppointmentView | null>(null)
  const keepInSight = useFocusInSight(view)
  const [code, setCode] = useState('')
  const [forgotten, setForgotten] = useState(false)
  const [Own, setOwn] = useState<ComponentType<OwnProps> | null>(null)
  const [Claim, setClaim] = useState<ComponentType<ClaimProps & { locale: 'en' | 'fr' }> | null>(null)

  const load = useCallback(
    async (by: string) => {
      const answer = await call('booking/appointment', { id, secret: by }, { retry: true })
      if (answer.ok) keepLink(answer.value.clinic.id)
      // Whoever goes on from here to the clinic's page has been there, or will have been; a device with keys says it by these, for whose they are.
      if (answer.ok && visits.includes(answer.value.status) && !kept(id))
        bringVisit(answer.value.clinic.id, { id, secret: by })
      // A banner may come in above what has the focus.
      keepInSight()
      if (answer.ok) setView(answer.value)
      setCode(answer.ok ? '' : answer.code)
    },
    [id, keepInSight],
  )

  useEffect(() => {
    const begin = async () => {
      const linked = /[#&]s=([\w-]{20,64})/.exec(location.hash)?.[1]
      const mine = kept(id)
      if (mine) {
        const { default: PatientApp } = await import('./patient-app')
        const { default: linkSecretOf } = await import('@/lib/browser/link-secret')
        setOwn(() => PatientApp)
        setSecret(linked ?? (await linkSecretOf(id)))
      } else {
        const visit = visiting(id)
        setForgotten(visit !== null && !linked)
        setSecret(linked ?? visit)
      }
    }
    void begin()
    addEventListener('hashchange', begin)
    return () => removeEventListener('hashchange', begin)
  }, [id])

  const alive = view !== null && ['booked', 'arrived', 'in_consult'].includes(view.status)
  const unclaimed = alive ? view.unclaimed : null
  // Whom the clinic booked for has no keys yet: the form that makes them comes to this page alone.
  useEffect(() => {
    if (unclaimed && !Own) void import('./claim-app').then(({ default: ClaimApp }) => setClaim(() => ClaimApp))
  }, [unclaimed, Own])
  const claimed = async () => {
    const { default: PatientApp } = await import('./patient-app')
    setOwn(() => PatientApp)
    setClaim(null)
    await load(secret!)
  }

  // Asked again now and then, and whenever the page is looked at: the state moves without it.
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

  if (secret === null) return <EmptyState title={words.noLinkTitle}>{words.noLinkText}</EmptyState>
  if (!view) {
    if (code === 'NOT_FOUND' || code === 'BAD_INPUT')
      return <EmptyState title={words.notFoundTitle}>{words.notFoundText}</EmptyState>
    return (
      <div role="status" aria-label={words.loading}>
        {code ? (
          <Banner tone="warning" title={words.offlineTitle} className="mb-4">
            {words.offlineText}
          </Banner>
        ) : null}
        <Skeleton className="h-72 rounded-card" />
      </div>
    )
  }
  const refresh = () => void load(secret!)
  const over = ['cancelled', 'expired', 'no_show', 'completed'].includes(view.status)
  return (
    <div className="flex flex-col gap-6">
      <Card>
        <AppointmentFacts view={view} locale={locale} words={words} />
        <Actions view={view} secret={secret!} forgotten={forgotten} locale={locale} words={words} onChange={refresh} />
      </Card>
      {Own ? (
        <Own id={id} locale={locale} view={view} onChange={refresh} />
      ) : Claim ? (
        <Claim {...{ view, locale }} secret={secret!} onDone={() => void claimed()} />
      ) : unclaimed ? (
        <Skeleton className="h-64 rounded-card" />
      ) : over || view.status === 'held' ? null : (
        <Banner
          tone="info"
          title={forgotten ? words.forgottenTitle : words.newDeviceTitle}
          actions={
            forgotten ? null : (
              <>
                <LinkButton size="sm" href="/recover">
                  {words.usePasskey}
                </LinkButton>
                <LinkButton size="sm" href={`/a/${id}/access#s=${secret}`}>
                  {words.useDevice}
                </LinkButton>
              </>
            )
          }
        >
          {forgotten ? words.forgotten : view.way === 'video' ? words.newDevice : words.newDevicePlain}
        </Banner>
      )}
    </div>
  )
}
