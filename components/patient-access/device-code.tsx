'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { Card, CardTitle } from '@/components/ui/card'
import { CodeWords } from '@/components/ui/code-words'
import { Skeleton } from '@/components/ui/status'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { onPatientEvent } from '@/lib/browser/patient-events'
import { vault } from '@/lib/browser/vault'

/** What a device that a mailed code let in reads out to the clinic, and what else opens the records on it. */
export function DeviceCode({
  own,
  appointmentId,
  onChange,
}: {
  own: OwnChart
  appointmentId: string
  onChange: () => void
}) {
  const t = useTranslations('recognition.own')
  const [code, setCode] = useState<string | null>(null)
  const { patientId } = own.patient
  useEffect(() => {
    let late = false
    void vault()
      .ownDeviceCode(patientId)
      .then((made) => {
        if (!late) setCode(made)
      })
    return () => {
      late = true
    }
  }, [patientId])

  // Recognised while this page is open: it shows what opens then, at once.
  useEffect(() => onPatientEvent(appointmentId, patientId, onChange), [appointmentId, patientId, onChange])

  return (
    <Card>
      <CardTitle>{t('doneTitle')}</CardTitle>
      <p className="mb-4">{t(own.identity ? 'partly' : 'done')}</p>
      <div data-device-code={code ?? undefined}>
        {code ? (
          <CodeWords label={t('code')} parts={code.split(' ')} hint={t('codeHint')} />
        ) : (
          <Skeleton className="h-28" />
        )}
      </div>
      <h3 className="mt-5 mb-2 text-base font-semibold">{t('ways')}</h3>
      <ul className="list-disc space-y-2 ps-5">
        <li>{t('wayClinic')}</li>
        <li>
          {t('wayDevice')} <a href="/pair">{t('wayDeviceLink')}</a>
        </li>
        <li>
          {t('wayPage')} <a href="/recover">{t('wayPageLink')}</a>
        </li>
      </ul>
    </Card>
  )
}
