'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { AskFirst } from '@/components/ui/ask-first'
import { Button, LinkButton } from '@/components/ui/button'
import { Card, CardTitle, Facts } from '@/components/ui/card'
import { Badge } from '@/components/ui/status'
import { endCare } from '@/lib/browser/care'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { peopleHere, type PersonHere } from '@/lib/browser/people-here'
import type { CareView } from '@/lib/browser/vault-care-api'
import { ownZone } from '@/lib/browser/zone'
import { formatDate } from '@/lib/time'
import { useCareWords } from './words'

/** Told to who helps: whom, as what, until when; and a way out. */
export function Helping({ own, care, onEnded }: { own: OwnChart; care: CareView; onEnded: () => void }) {
  const t = useTranslations('care.you')
  const stay = useTranslations('care')('stopNo')
  const errors = useTranslations('errors')
  const locale = useLocale()
  const words = useCareWords()
  const name = own.identity?.name ?? ''
  return (
    <Card>
      <CardTitle>{t('title', { name })}</CardTitle>
      <p className="mb-4">{t('as', { relation: words.relation(care) })}</p>
      <Facts
        items={[
          { label: t('until'), value: words.end(care.end) },
          { label: t('since'), value: formatDate(new Date(care.since), ownZone(), locale) },
        ]}
      />
      <AskFirst
        title={t('stopTitle', { name })}
        description={t('stopText')}
        cancelLabel={stay}
        actionLabel={t('stopYes')}
        act={async () => {
          const ended = await endCare(own.patient, care.careId)
          return ended.ok ? null : errors(ended.code)
        }}
        onDone={onEnded}
        trigger={
          <Button size="sm" className="mt-5">
            {t('stop')}
          </Button>
        }
      />
    </Card>
  )
}

/** Where one browser holds several people: each by name and as what, one tap away. */
export function PeopleHere({ patientId }: { patientId: string }) {
  const t = useTranslations('care.switch')
  const words = useCareWords()
  const [people, setPeople] = useState<PersonHere[]>([])
  useEffect(() => void peopleHere().then(setPeople), [])
  if (people.length < 2) return null
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <ul className="flex flex-col divide-y divide-line">
        {people.map((person) => {
          const name = person.name ?? t('unnamed')
          return (
            <li
              key={person.patientId}
              className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3 first:pt-0 last:pb-0"
            >
              <span className="min-w-0">
                <strong className="block font-semibold">{name}</strong>
                <span className="text-sm text-soft">
                  {person.helper ? `${words.relation(person.helper)} · ${words.end(person.helper.end)}` : t('self')}
                </span>
              </span>
              {person.patientId === patientId ? (
                <Badge tone="accent">{t('here')}</Badge>
              ) : person.appointmentId ? (
                <LinkButton size="sm" href={`/a/${person.appointmentId}`}>
                  {t('open', { name })}
                </LinkButton>
              ) : null}
            </li>
          )
        })}
      </ul>
    </Card>
  )
}
