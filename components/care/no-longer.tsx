'use client'
import { useTranslations } from 'next-intl'
import { mineMark } from '@/components/booking/own'
import { AskFirst } from '@/components/ui/ask-first'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import type { PatientHandle } from '@/lib/browser/vault-api'
import type { CareView } from '@/lib/browser/vault-care-api'
import { vault } from '@/lib/browser/vault'
import { useCareWords } from './words'

interface Props {
  patient: PatientHandle
  care: CareView
  appointmentId: string
}

/** Told to who helped, once that is over: why, what is left with them, and a way to be rid of what this device holds. */
export function NoLonger({ patient, care, appointmentId }: Props) {
  const t = useTranslations('care.past')
  const words = useCareWords()
  const { end, state } = care
  const why =
    state !== 'over' || end.kind === 'open'
      ? t('ended')
      : end.kind === 'age'
        ? t('age', { age: end.age, date: words.day(end.on) })
        : t('date', { date: words.lastDay(end.on) })
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <div className="flex flex-col gap-3">
        <p>{t('was', { relation: words.relation(care) })}</p>
        <p>{why}</p>
        <p className="text-soft">{t('kept')}</p>
        <p className="text-soft">{t(end.kind === 'age' && care.role === 'guardian' ? 'againChild' : 'again')}</p>
      </div>
      <AskFirst
        title={t('forgetTitle')}
        description={t('forgetText')}
        cancelLabel={t('forgetNo')}
        actionLabel={t('forgetYes')}
        act={async () => {
          await vault().forget(patient.patientId)
          localStorage.removeItem(mineMark(appointmentId))
          return null
        }}
        onDone={() => location.reload()}
        trigger={
          <Button size="sm" className="mt-5">
            {t('forget')}
          </Button>
        }
      />
    </Card>
  )
}
