'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useCallback, useEffect, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Banner, Skeleton } from '@/components/ui/status'
import { loadTold, type Told } from '@/lib/browser/emergency-told'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { onPatientEvent } from '@/lib/browser/patient-events'
import { dateLocale } from '@/lib/time'

/** When two of the clinic's officers opened this patient's records, who they were, and why. */
export function ToldSection({ own, appointmentId }: { own: OwnChart; appointmentId: string }) {
  const t = useTranslations('emergency')
  const [told, setTold] = useState<Told[] | null>(null)
  const [failed, setFailed] = useState(false)
  const { patient } = own
  const load = useCallback(async () => {
    const answer = await loadTold(patient)
    if (answer.ok) setTold(answer.value)
    setFailed(!answer.ok)
  }, [patient])
  useEffect(() => {
    void load()
    return onPatientEvent(appointmentId, patient.patientId, () => void load())
  }, [load, appointmentId, patient.patientId])
  return (
    <Card id="emergency-openings">
      <CardTitle>{t('told.title')}</CardTitle>
      <p className="mb-4 text-soft">{t('told.lead')}</p>
      {failed ? (
        <Banner
          tone="warning"
          title={t('told.failed')}
          actions={<Button onClick={() => void load()}>{t('told.again')}</Button>}
          announce
        />
      ) : told ? (
        <div aria-live="polite">
          {told.length ? null : <p>{t('told.none')}</p>}
          <ul className="divide-y divide-line">
            {told.map((each) => (
              <li key={each.row.id} className="py-4 first:pt-0 last:pb-0">
                <Opening told={each} />
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <Skeleton className="h-16" />
      )}
    </Card>
  )
}

function Opening({ told: { row, view } }: { told: Told }) {
  const t = useTranslations('emergency')
  const locale = useLocale()
  const when = new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'long', timeStyle: 'short' })
  return (
    <>
      <h3 className="text-base font-semibold">{when.format(new Date(row.at))}</h3>
      <p>{t('told.by', { asked: row.askedBy, answered: row.answeredBy })}</p>
      <p className="text-soft">{t(row.one ? 'told.one' : 'told.all')}</p>
      {view ? (
        <p className="mt-2 break-words whitespace-pre-line">
          {view.reason ? (
            <>
              <span className="font-semibold">{t('told.reason')}: </span>
              {view.reason}
            </>
          ) : (
            t('told.noReason')
          )}
        </p>
      ) : (
        <Banner tone="danger" className="mt-2">
          {t('told.forged')}
        </Banner>
      )}
    </>
  )
}
