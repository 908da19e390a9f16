'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useCareWords } from '@/components/care/words'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { DownloadIcon } from '@/components/ui/icons'
import { Banner } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { exportAll, type ExportFile } from '@/lib/browser/export'
import type { PatientHandle } from '@/lib/browser/vault-api'
import { ownZone } from '@/lib/browser/zone'
import { formatPlainDay } from '@/lib/time'

type Kind = 'html' | 'json'
const types: Record<Kind, string> = { html: 'text/html', json: 'application/json' }

/**
 * All that is kept of the patient, opened here and saved as a page to read or as a file for programs; or why it could not be.
 * `helped`: the patient’s name, told to who helps.
 */
export function DownloadAll({ patient, helped }: { patient: PatientHandle; helped?: string }) {
  const t = useTranslations('devices.download')
  const write = useReadable()
  const [outcome, setOutcome] = useState<{ saved: string } | 'failed' | null>(null)
  const [download, loading] = useBusy(async (kind: Kind) => {
    setOutcome(null)
    const answer = await exportAll(patient)
    if (!answer.ok) return setOutcome('failed')
    const words = kind === 'json' ? JSON.stringify(answer.value, null, 2) : await write(answer.value)
    const name = `curtain-my-data.${kind}`
    const url = URL.createObjectURL(new Blob([words], { type: types[kind] }))
    Object.assign(document.createElement('a'), { href: url, download: name }).click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
    setOutcome({ saved: name })
  })
  return (
    <Card id="download">
      <CardTitle>{helped ? t('titleFor', { name: helped }) : t('title')}</CardTitle>
      <p className="mb-4 text-soft">{helped ? t('hintFor', { name: helped }) : t('hint')}</p>
      <div className="flex flex-wrap gap-2.5">
        <Button icon={<DownloadIcon size={18} />} busy={loading} onClick={() => void download('html')}>
          {t('go')}
        </Button>
        <Button variant="quiet" busy={loading} onClick={() => void download('json')}>
          {t('goData')}
        </Button>
      </div>
      {outcome ? (
        <Banner tone={outcome === 'failed' ? 'warning' : 'success'} announce className="mt-4">
          {outcome === 'failed' ? t('failed') : t('saved', { name: outcome.saved })}
        </Banner>
      ) : null}
    </Card>
  )
}

/** The writer of the page to read: fetched when somebody asks for it. */
function useReadable() {
  const t = useTranslations('devices.readable')
  const c = useTranslations('common')
  const { relation } = useCareWords()
  const locale = useLocale()
  const say = {
    yes: c('yes'),
    no: c('no'),
    relation: (code: string) => relation({ relation: code }),
    day: (plain: string) => formatPlainDay(plain, locale, { dateStyle: 'long' }),
  }
  return async (file: ExportFile) => {
    const { readable } = await import('./readable')
    return readable(file, locale, ownZone(), t as (key: string) => string, say)
  }
}
