'use client'
import { NextIntlClientProvider, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { mineMark } from '@/components/booking/own'
import { Button, LinkButton } from '@/components/ui/button'
import { Card, PageHeader } from '@/components/ui/card'
import { Banner, Skeleton } from '@/components/ui/status'
import { useFocusKept } from '@/components/ui/use-focus-kept'
import { readPairLink, type PairSide } from '@/lib/browser/pairing'
import { peopleHere, type PersonHere } from '@/lib/browser/people-here'
import type { Locale, Messages } from '@/lib/messages/catalogue'
import { PairPanel } from './pair-panel'
import { Scanner } from './scanner'

type Props = { locale: Locale; messages: Pick<Messages, 'care' | 'devices' | 'errors' | 'common'> }

export const PairPage = ({ locale, messages }: Props) => (
  <NextIntlClientProvider locale={locale} messages={messages} timeZone="UTC">
    <Pairing />
  </NextIntlClientProvider>
)

type At =
  | { at: 'looking' }
  | { at: 'choose' }
  | { at: 'reading' }
  /** The other device is the new one: which of the patients here is it for? */
  | { at: 'whose'; secret: string; people: PersonHere[] }
  | { at: 'running'; side: PairSide }

function Pairing() {
  const t = useTranslations('devices.pair')
  const [at, setAt] = useState<At>({ at: 'looking' })
  const [opens, setOpens] = useState<string[]>([])
  const [given, setGiven] = useState<string | null>(null)
  const page = useFocusKept<HTMLDivElement>(at.at)

  useEffect(() => {
    const link = readPairLink(location.hash)
    // Read once and taken out of the address: neither history nor a shared screen keeps it.
    if (link) history.replaceState(null, '', location.pathname)
    if (!link) return setAt({ at: 'choose' })
    if (link.shownBy === 'own')
      return setAt({ at: 'running', side: { role: 'new', patient: null, secret: link.secret } })
    void peopleHere().then((people) => setAt({ at: 'whose', secret: link.secret, people }))
  }, [])

  function done(side: PairSide, appointments: string[]) {
    if (side.patient) {
      const { patientId } = side.patient
      return void peopleHere().then((people) =>
        setGiven(people.find((each) => each.patientId === patientId)?.appointmentId ?? null),
      )
    }
    for (const id of appointments) localStorage.setItem(mineMark(id), '1')
    setOpens(appointments)
  }

  // Which way round it is, in the title: who is asked to let a device in must not take it for letting this one in.
  const lets = at.at === 'whose' || (at.at === 'running' && at.side.role === 'own')
  return (
    <div ref={page} tabIndex={-1} className="outline-none">
      <PageHeader title={t(lets ? 'ownTitle' : 'pageTitle')} lead={t(lets ? 'ownLead' : 'pageLead')} />
      {part()}
    </div>
  )

  function part() {
    switch (at.at) {
      case 'looking':
        return <Skeleton className="h-48 rounded-card" />
      case 'choose':
        return (
          <Card>
            <p className="mb-4">{t('newLead')}</p>
            <div className="flex flex-wrap gap-2.5">
              <Button variant="primary" onClick={() => setAt({ at: 'running', side: { role: 'new', patient: null } })}>
                {t('showHere')}
              </Button>
              <Button onClick={() => setAt({ at: 'reading' })}>{t('readHere')}</Button>
            </div>
          </Card>
        )
      case 'reading':
        return (
          <Card>
            <Scanner
              shownBy="own"
              onStop={() => setAt({ at: 'choose' })}
              onSecret={(secret) => setAt({ at: 'running', side: { role: 'new', patient: null, secret } })}
            />
          </Card>
        )
      case 'whose':
        return (
          <Card>
            {at.people.length ? (
              <>
                <p className="mb-4">{t('whose')}</p>
                <div className="flex flex-col gap-2.5">
                  {at.people.map((each) => (
                    <Button
                      key={each.patientId}
                      onClick={() =>
                        setAt({ at: 'running', side: { role: 'own', patient: each.handle, secret: at.secret } })
                      }
                    >
                      {each.name ?? t('unnamedPatient')}
                    </Button>
                  ))}
                </div>
              </>
            ) : (
              <Banner tone="warning" title={t('nobodyTitle')}>
                {t('nobody')}
              </Banner>
            )}
          </Card>
        )
      case 'running':
        return (
          <Card>
            <PairPanel
              key={at.side.secret ?? 'shown'}
              side={at.side}
              onDone={(appointments) => done(at.side, appointments)}
              onAgain={() => setAt({ at: 'choose' })}
            />
            {opens.length ? (
              <LinkButton variant="primary" className="mt-5" href={`/a/${opens.at(-1)}`}>
                {t('open')}
              </LinkButton>
            ) : null}
            {given ? (
              <LinkButton className="mt-5" href={`/a/${given}/access#devices`}>
                {t('toDevices')}
              </LinkButton>
            ) : null}
          </Card>
        )
    }
  }
}
