'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useCallback, useEffect, useState } from 'react'
import { AskFirst } from '@/components/ui/ask-first'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { PrintIcon, TrashIcon } from '@/components/ui/icons'
import { Banner, Skeleton } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { useFocusKept } from '@/components/ui/use-focus-kept'
import { askErasure, loadErasure, type OwnRequest } from '@/lib/browser/erasure'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { onPatientEvent } from '@/lib/browser/patient-events'
import type { RefusalGround } from '@/lib/retention/rules'
import { dateLocale } from '@/lib/time'

/** The patient asks to be forgotten, sees the answer, and keeps its receipt. */
export function ErasureSection({ own, appointmentId }: { own: OwnChart; appointmentId: string }) {
  const t = useTranslations('retention.own')
  const errors = useTranslations('errors')
  const { patient } = own
  const [requests, setRequests] = useState<OwnRequest[] | null>(null)
  const [problem, setProblem] = useState('')
  const load = useCallback(async () => {
    const answer = await loadErasure(patient)
    if (answer.ok) setRequests(answer.value.requests)
    setProblem(answer.ok ? '' : answer.code)
  }, [patient])
  useEffect(() => {
    void load()
    return onPatientEvent(appointmentId, patient.patientId, () => void load())
  }, [load, appointmentId, patient.patientId])
  async function ask() {
    const answer = await askErasure(patient)
    return answer.ok ? null : errors(answer.code)
  }
  // A guardian or carer asks for somebody else.
  const name = own.identity?.name ?? ''
  const of = { whose: name && own.care.some(({ mine }) => mine) ? 'other' : 'own', name }
  const latest = requests?.[0]
  const title = useFocusKept<HTMLHeadingElement>(requests && (latest?.state ?? 'none'))
  if (problem === 'NOT_CONFIRMED') return null
  return (
    <Card id="erasure">
      <CardTitle ref={title}>{t('title', of)}</CardTitle>
      {problem ? (
        <Banner
          tone="warning"
          title={t('notLoaded')}
          actions={<Button onClick={() => void load()}>{t('again')}</Button>}
          announce
        />
      ) : !requests ? (
        <Skeleton className="h-24 rounded-card" />
      ) : (
        <div className="flex flex-col gap-4" aria-live="polite">
          {latest ? <Answered request={latest} name={name} /> : <p className="text-soft">{t('lead', of)}</p>}
          {latest && latest.state !== 'refused' ? null : (
            <AskFirst
              title={t('sure')}
              description={t('sureText', of)}
              cancelLabel={t('no')}
              actionLabel={t('yes')}
              act={ask}
              onDone={load}
              trigger={
                <Button variant="danger" icon={<TrashIcon size={18} />} className="self-start">
                  {t('ask')}
                </Button>
              }
            />
          )}
        </div>
      )}
    </Card>
  )
}

function Answered({ request, name }: { request: OwnRequest; name: string }) {
  const t = useTranslations('retention.own')
  const locale = useLocale()
  const when = (iso: string) =>
    new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'long', timeStyle: 'short' }).format(new Date(iso))
  const { signed, purge } = request
  const lines: string[] = []
  if (signed && signed !== 'forged') {
    if (signed.state === 'refused')
      lines.push(t('refused', { date: when(signed.answeredAt) }), t(`ground.${signed.ground as RefusalGround}`))
    else {
      lines.push(t('granted', { date: when(signed.answeredAt) }))
      lines.push(purge?.destroyedAt ? t('erased', { date: when(purge.destroyedAt) }) : t('underWay'))
      if (purge?.destroyedAt) lines.push(purge.finalAt ? t('final', { date: when(purge.finalAt) }) : t('notFinal'))
      lines.push(t('stays'))
    }
  }
  const [print, printing] = useBusy(async () => {
    const { default: receiptPdf } = await import('./receipt-pdf')
    const head = [name && t('for', { name }), t('asked', { date: when(request.askedAt) })].filter(Boolean)
    const url = URL.createObjectURL(
      await receiptPdf(t('receipt'), [...head, ...lines, t('signed')], request.answer ?? ''),
    )
    Object.assign(document.createElement('a'), { href: url, download: 'erasure-receipt.pdf' }).click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  })
  if (signed === 'forged')
    return (
      <Banner tone="danger" title={t('forgedTitle')} announce>
        {t('forged')}
      </Banner>
    )
  return (
    <>
      <p>{t('asked', { date: when(request.askedAt) })}</p>
      {lines.length === 0 ? <p className="text-soft">{t('waiting')}</p> : null}
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {signed ? (
        <Button icon={<PrintIcon size={18} />} className="self-start" busy={printing} onClick={() => void print()}>
          {t('download')}
        </Button>
      ) : null}
    </>
  )
}
