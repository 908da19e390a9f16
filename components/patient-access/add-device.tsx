'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { useFocusKept } from '@/components/ui/use-focus-kept'
import type { OwnChart } from '@/lib/browser/patient-chart'
import type { PairSide } from '@/lib/browser/pairing'
import { PairPanel } from './pair-panel'
import { Scanner } from './scanner'

/** The side that has access: it shows a code, or reads the other device's. */
export function AddDevice({ own, child, onAdded }: { own: OwnChart; child: string | null; onAdded: () => void }) {
  const t = useTranslations('devices.pair')
  const care = useTranslations('care')
  const [side, setSide] = useState<PairSide | 'reading' | null>(null)
  const patient = own.patient
  const title = useFocusKept<HTMLHeadingElement>(side === null ? 'none' : side === 'reading' ? side : side.role)
  return (
    <Card>
      <CardTitle ref={title}>{child === null ? t('title') : care('childDevice', { name: child })}</CardTitle>
      {side === null ? (
        <>
          <p className="mb-4 text-soft">{child === null ? t('lead') : care('childDeviceLead', { name: child })}</p>
          <div className="flex flex-wrap gap-2.5">
            <Button variant="primary" onClick={() => setSide({ role: 'own', patient })}>
              {t('show')}
            </Button>
            <Button onClick={() => setSide('reading')}>{t('read')}</Button>
          </div>
        </>
      ) : side === 'reading' ? (
        <>
          <p className="mb-4">{t('readLead', { address: `${location.host}/pair` })}</p>
          <Scanner
            shownBy="new"
            onSecret={(secret) => setSide({ role: 'own', patient, secret })}
            onStop={() => setSide(null)}
          />
        </>
      ) : (
        <PairPanel key={side.secret ?? 'shown'} side={side} onDone={onAdded} onAgain={() => setSide(null)} />
      )}
    </Card>
  )
}
