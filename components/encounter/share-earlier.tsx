'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/choice'
import { Dialog } from '@/components/ui/dialog'
import { FieldGroup } from '@/components/ui/field'
import { Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { shareWithSite } from '@/lib/browser/share-earlier'
import type { EncounterView } from '@/lib/encounter/rules'
import type { StoredRecord } from '@/lib/record/rules'
import { formatDate } from '@/lib/time'
import type { Chart } from './use-chart'

interface Props {
  view: EncounterView
  chart: Chart
  onShared: () => Promise<void>
}
interface Earlier {
  appointmentId: string
  label: string
  hint: string
  records: StoredRecord[]
}

/**
 * Earlier visits elsewhere, for the practitioners who see this visit's site alone. Where the visit is, the patient's own check
 * list says; what opened in this chart is offered, and nothing else.
 */
export function ShareEarlier({ view, chart, onShared }: Props) {
  const t = useTranslations('sites.share')
  const { chain } = useStaff()
  const { appointmentId, siteId, site } = view.appointment
  const [lacking, setLacking] = useState<ReadonlySet<string>>(new Set())
  const [open, setOpen] = useState(false)
  const isPart = chart.site !== null && chain.members.some(({ groups }) => groups.includes(`clinical:${chart.site}`))
  useEffect(() => {
    if (!isPart) return
    let late = false
    void call('site/earlier', { appointmentId }, { retry: true }).then((answer) => {
      if (answer.ok && !late) setLacking(new Set(answer.value.lacking.map(nameOf)))
    })
    return () => {
      late = true
    }
  }, [appointmentId, isPart, view])
  const earlier = useEarlier(view, chart, lacking)
  // The server's word on the place, too: it takes grants for no other.
  if (!chart.identity || !site || siteId !== chart.site || !earlier.length) return null
  return (
    <div className="mt-4 border-t border-line pt-4">
      <p className="mb-3 text-soft">{t('lead', { site })}</p>
      <Button size="sm" onClick={() => setOpen(true)}>
        {t('open')}
      </Button>
      <ShareDialog {...{ chart, appointmentId, earlier, open, onShared }} site={site} onOpenChange={setOpen} />
    </div>
  )
}

const nameOf = ({ recordId, revision }: { recordId: string; revision: number }) => `${recordId}.${revision}`

function useEarlier(view: EncounterView, chart: Chart, lacking: ReadonlySet<string>): Earlier[] {
  const locale = useLocale()
  const types = useTranslations('audit.type')
  const opened = new Set(
    [
      ...[...chart.reasons, ...chart.intakes, ...chart.notes].filter(({ content }) => content),
      ...chart.prescriptions.flatMap(({ entry }) => (entry?.content ? entry : [])),
    ].map(nameOf),
  )
  const consents = new Set(chart.consents.flatMap(({ proof, content }) => (content ? proof.recordId : [])))
  const records = view.records.filter(
    ({ meta }) => lacking.has(nameOf(meta)) && (opened.has(nameOf(meta)) || consents.has(meta.recordId)),
  )
  return view.visits.flatMap(({ appointmentId, startsAt, practitioner, site }) => {
    const theirs = records.filter((record) => record.appointmentId === appointmentId)
    if (!theirs.length || startsAt >= view.appointment.startsAt) return []
    const kinds = [...new Set(theirs.map(({ meta }) => meta.type))].map((type) => types(type as 'note'))
    const label = [formatDate(new Date(startsAt), view.zone, locale), practitioner, site].filter(Boolean).join(' · ')
    return { appointmentId, label, hint: kinds.join(', '), records: theirs }
  })
}

function ShareDialog({
  chart,
  appointmentId,
  site,
  earlier,
  open,
  onOpenChange,
  onShared,
}: {
  chart: Chart
  appointmentId: string
  site: string
  earlier: Earlier[]
  open: boolean
  onOpenChange: (open: boolean) => void
  onShared: () => Promise<void>
}) {
  const t = useTranslations('sites.share')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const [left, setLeft] = useState<readonly string[]>([])
  const [agreed, setAgreed] = useState(false)
  const [fault, setFault] = useState<string | null>(null)
  const name = chart.identity!.name
  const chosen = earlier.filter((visit) => !left.includes(visit.appointmentId))
  const change = (next: boolean) => {
    onOpenChange(next)
    setLeft([])
    setAgreed(false)
    setFault(null)
  }
  const [share, sharing] = useBusy(async () => {
    setFault(null)
    const { clinicId, patientId } = chart
    const records = chosen.flatMap((visit) => visit.records)
    const answer = await shareWithSite({ clinicId, patientId, appointmentId, site: chart.site!, records })
    if (!answer.ok) return setFault(reason(answer.code))
    toast(t('done', { count: answer.value.shared, site }), 'success')
    change(false)
    await onShared()
  })
  return (
    <Dialog
      title={t('title', { site })}
      description={t('text', { site, name })}
      closeLabel={c('close')}
      open={open}
      onOpenChange={change}
    >
      {fault ? (
        <Banner tone="danger" announce className="mb-4">
          {fault}
        </Banner>
      ) : null}
      <FieldGroup label={t('which')}>
        {() =>
          earlier.map(({ appointmentId: id, label, hint }) => (
            <Checkbox
              key={id}
              label={label}
              hint={hint}
              checked={!left.includes(id)}
              onChange={(event) => setLeft(event.target.checked ? left.filter((each) => each !== id) : [...left, id])}
            />
          ))
        }
      </FieldGroup>
      <Banner tone="warning" className="my-4">
        {t('forGood', { site })}
      </Banner>
      <Checkbox label={t('agreed', { name })} checked={agreed} onChange={(event) => setAgreed(event.target.checked)} />
      <Button
        variant="primary"
        className="mt-4"
        busy={sharing}
        disabled={!agreed || !chosen.length}
        onClick={() => void share()}
      >
        {t('send')}
      </Button>
    </Dialog>
  )
}
