'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { Button, LinkButton } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import type { AppointmentStatus } from '@/lib/booking/rules'
import { offersKeeping, saidLater, sayLater } from '@/lib/browser/keep-offer'
import type { OwnChart } from '@/lib/browser/patient-chart'

/** Asks once there is something to lose, and takes "not now" for an answer. `stored`: what the browser promised of its storage. */
export function KeepOffer({ own, id, status, stored }: Props) {
  const t = useTranslations('keep.offer')
  const { patientId, home } = own.patient
  const [offers, setOffers] = useState(false)
  const { keys } = own.chart
  useEffect(() => {
    setOffers(offersKeeping({ status, keys, home, saidLater: saidLater(patientId) }, Date.now()))
  }, [status, keys, home, patientId])
  if (!offers) return null
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="text-soft">{t('text')}</p>
      {stored === false ? <p className="mt-2 text-soft">{t('purge')}</p> : null}
      <div className="mt-4 flex flex-wrap gap-2.5">
        <LinkButton variant="primary" href={`/a/${id}/access#keep`}>
          {t('go')}
        </LinkButton>
        <Button
          variant="quiet"
          onClick={() => {
            sayLater(patientId, Date.now())
            setOffers(false)
          }}
        >
          {t('later')}
        </Button>
      </div>
    </Card>
  )
}

interface Props {
  own: OwnChart
  id: string
  status: AppointmentStatus
  stored: boolean | null
}
