'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { Button, LinkButton } from '@/components/ui/button'
import { Card, CardTitle, Facts } from '@/components/ui/card'
import { AlertDialog } from '@/components/ui/dialog'
import { Badge, Banner } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { endCare } from '@/lib/browser/care'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { peopleHere, type PersonHere } from '@/lib/browser/people-here'
import type { CareView } from '@/lib/browser/vault-care-api'
import { formatDate } from '@/lib/time'
import { useCareWords } from './words'

const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

/** Told to who helps: whom, as what, until when; and a way out. */
export function Helping({ own, care, onEnded }: { own: OwnChart; care: CareView; onEnded: () => void }) {
  const t = useTranslations('care.you')
  const stay = useTranslations('care')('stopNo')
  const errors = useTranslations('errors')
  const locale = useLocale()
  const words = useCareWords()
  const [asking, setAsking] = useState(false)
  const [problem, setProblem] = useState('')
  const name = own.identity?.name ?? ''
  const [stop, stopping] = useBusy(async () => {
    const ended = await endCare(own.patient, care.careId)
    setProblem(ended.ok ? '' : ended.code)
    if (ended.ok) onEnded()
  })
  return (
    <Card>
      <CardTitle>{t('title', { name })}</CardTitle>
      <p className="mb-4">{t('as', { relation: words.relation(care) })}</p>
      <Facts
        items={[
          { label: t('until'), value: words.end(care.end) },
          { label: t('since'), value: formatDate(new Date(care.since), zone(), locale) },
        ]}
      />
      <AlertDialog
        title={t('stopTitle', { name })}
        description={t('stopText')}
        cancelLabel={stay}
        actionLabel={t('stopYes')}
        danger
        busy={stopping}
        open={asking}
        onOpenChange={setAsking}
        onAction={() => void stop()}
        trigger={
          <Button size="sm" className="mt-5">
            {t('stop')}
          </Button>
        }
      >
        {problem ? (
          <Banner tone="danger" announce className="mt-4">
            {errors(problem as 'BAD_INPUT')}
          </Banner>
        ) : null}
      </AlertDialog>
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
