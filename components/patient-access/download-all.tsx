'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { DownloadIcon } from '@/components/ui/icons'
import { Banner } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { exportAll } from '@/lib/browser/patient-chart'
import type { PatientHandle } from '@/lib/browser/vault-api'

/** All that is kept of the patient, opened here and saved as one file; or why it could not be. `helped`: the patient’s name, told to who helps. */
export function DownloadAll({ patient, helped }: { patient: PatientHandle; helped?: string }) {
  const t = useTranslations('devices.download')
  const [outcome, setOutcome] = useState<'saved' | 'failed' | null>(null)
  const [download, loading] = useBusy(async () => {
    setOutcome(null)
    const answer = await exportAll(patient)
    setOutcome(answer.ok ? 'saved' : 'failed')
    if (!answer.ok) return
    const url = URL.createObjectURL(answer.file)
    Object.assign(document.createElement('a'), { href: url, download: 'curtain-my-data.json' }).click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  })
  return (
    <Card id="download">
      <CardTitle>{helped ? t('titleFor', { name: helped }) : t('title')}</CardTitle>
      <p className="mb-4 text-soft">{helped ? t('hintFor', { name: helped }) : t('hint')}</p>
      <Button icon={<DownloadIcon size={18} />} busy={loading} onClick={() => void download()}>
        {t('go')}
      </Button>
      {outcome ? (
        <Banner tone={outcome === 'saved' ? 'success' : 'warning'} announce className="mt-4">
          {t(outcome)}
        </Banner>
      ) : null}
    </Card>
  )
}
