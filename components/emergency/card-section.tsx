'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useCallback, useEffect, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Card, CardTitle, Disclosure } from '@/components/ui/card'
import { PenIcon, PrintIcon, QrIcon, TrashIcon } from '@/components/ui/icons'
import { QrCode } from '@/components/ui/qr-code'
import { Banner, Skeleton } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { useFocusKept } from '@/components/ui/use-focus-kept'
import { loadCard, type OwnCard, revokeCard } from '@/lib/browser/emergency-card'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { onPatientEvent } from '@/lib/browser/patient-events'
import { dateLocale } from '@/lib/time'
import { CardEditor } from './card-editor'
import { CardLines } from './card-lines'

/** A card to carry: what the patient chose, behind a code that anybody who helps them can open. */
export function CardSection({ own, appointmentId }: { own: OwnChart; appointmentId: string }) {
  const t = useTranslations('emergency')
  const [card, setCard] = useState<OwnCard | null>(null)
  const [problem, setProblem] = useState('')
  const [editing, setEditing] = useState(false)
  const title = useFocusKept<HTMLHeadingElement>(card && `${editing} ${card.card?.id ?? ''}`)
  const load = useCallback(async () => {
    const answer = await loadCard(own.patient)
    if (answer.ok) setCard(answer.value)
    setProblem(answer.ok ? '' : answer.code)
  }, [own.patient])
  // Opened somewhere, it says so here at once.
  useEffect(() => {
    void load()
    return onPatientEvent(appointmentId, own.patient.patientId, () => void load())
  }, [load, appointmentId, own.patient.patientId])

  if (problem === 'NOT_CONFIRMED') return null
  const done = () => void load().then(() => setEditing(false))
  return (
    <Card id="emergency-card">
      <CardTitle ref={title}>{t('own.title')}</CardTitle>
      {problem ? (
        <Banner
          tone="warning"
          title={t('own.notLoaded')}
          actions={<Button onClick={() => void load()}>{t('own.again')}</Button>}
          announce
        />
      ) : !card ? (
        <Skeleton className="h-24 rounded-card" />
      ) : editing ? (
        <CardEditor own={own} start={card.kept?.content ?? null} onDone={done} onCancel={() => setEditing(false)} />
      ) : card.card ? (
        <Made own={own} card={{ ...card, card: card.card }} onEdit={() => setEditing(true)} onChange={load} />
      ) : (
        <>
          <p className="mb-4 text-soft">{t('own.lead')}</p>
          <Button icon={<QrIcon size={18} />} onClick={() => setEditing(true)}>
            {t('own.make')}
          </Button>
        </>
      )}
      {card && !editing ? <Openings openings={card.openings} /> : null}
    </Card>
  )
}

interface MadeProps {
  own: OwnChart
  card: OwnCard & { card: NonNullable<OwnCard['card']> }
  onEdit: () => void
  onChange: () => Promise<void>
}

function Made({ own, card, onEdit, onChange }: MadeProps) {
  const t = useTranslations('emergency')
  const locale = useLocale()
  const [asking, setAsking] = useState(false)
  const [failed, setFailed] = useState(false)
  const bar = useFocusKept<HTMLDivElement>(asking)
  const { kept } = card
  const made = new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'long' }).format(new Date(card.card.madeAt))
  const [print, printing] = useBusy(async () => {
    if (!kept) return
    const { default: cardPdf } = await import('./card-pdf')
    const words = (key: string, values?: Record<string, string>) => t(`pdf.${key}` as 'pdf.title', values as never)
    const url = URL.createObjectURL(await cardPdf(kept.content, kept.link, made, words))
    Object.assign(document.createElement('a'), { href: url, download: 'emergency-card.pdf' }).click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  })
  const [revoke, revoking] = useBusy(async () => {
    const answer = await revokeCard(own.patient)
    setFailed(!answer.ok)
    if (answer.ok) await onChange()
  })
  return (
    <>
      <p className="mb-4">{t('own.made', { date: made })}</p>
      {kept ? (
        <div className="mb-4 flex flex-col gap-4">
          <CardLines content={kept.content} />
          <Disclosure summary={t('own.showCode')}>
            <QrCode value={kept.link} label={t('own.code')} className="size-56 rounded-control" />
          </Disclosure>
        </div>
      ) : (
        <Banner tone="info" className="mb-4" title={t('own.elsewhere')}>
          {t('own.elsewhereText')}
        </Banner>
      )}
      <div ref={bar} tabIndex={-1} className="flex flex-wrap gap-2.5 outline-none">
        {kept ? (
          <Button variant="primary" icon={<PrintIcon size={18} />} busy={printing} onClick={() => void print()}>
            {t('own.print')}
          </Button>
        ) : null}
        <Button icon={<PenIcon size={18} />} onClick={onEdit}>
          {t('own.change')}
        </Button>
        {asking ? null : (
          <Button variant="danger" icon={<TrashIcon size={18} />} onClick={() => setAsking(true)}>
            {t('own.revoke')}
          </Button>
        )}
      </div>
      {asking ? (
        <div
          role="group"
          aria-label={t('own.revoke')}
          className="mt-4 rounded-control border border-danger/40 bg-danger-wash p-4"
        >
          <p className="mb-3 font-semibold">{t('own.revokeSure')}</p>
          <div className="flex flex-wrap gap-2.5">
            <Button size="sm" variant="danger" busy={revoking} onClick={() => void revoke()}>
              {t('own.revokeYes')}
            </Button>
            <Button size="sm" autoFocus onClick={() => setAsking(false)}>
              {t('own.revokeNo')}
            </Button>
          </div>
          {failed ? (
            <p role="alert" className="mt-3 text-danger">
              {t('own.notSaved')}
            </p>
          ) : null}
        </div>
      ) : null}
    </>
  )
}

function Openings({ openings }: { openings: string[] }) {
  const t = useTranslations('emergency')
  const locale = useLocale()
  if (!openings.length) return null
  const when = new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'long', timeStyle: 'short' })
  return (
    <section aria-labelledby="card-openings" className="mt-6">
      <h3 id="card-openings" className="mb-1 text-base font-semibold">
        {t('own.opened', { count: openings.length })}
      </h3>
      <p className="mb-2 text-sm text-soft">{t('own.openedHint')}</p>
      <ul className="list-disc ps-5" aria-live="polite">
        {openings.slice(0, 10).map((at, index) => (
          <li key={index}>{when.format(new Date(at))}</li>
        ))}
      </ul>
    </section>
  )
}
