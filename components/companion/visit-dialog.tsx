'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Facts } from '@/components/ui/card'
import { Dialog } from '@/components/ui/dialog'
import { FieldError } from '@/components/ui/field'
import { Skeleton } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { Way } from '@/lib/clinic/rules'
import type { CompanionRow } from '@/lib/companion/rules'
import { type CompanionFaults, emptyCompanion, mended, readCompanion } from './draft'
import { WhoFields } from './who-fields'

interface Props {
  visit: { appointmentId: string; way: Way }
  name: string
  onClose: () => void
}

/** Who comes along to a visit that stands: asked, taken off, or another in the place of who cannot. */
export function CompanionDialog({ visit, name, onClose }: Props) {
  const t = useTranslations('companion.visit')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const { appointmentId, way } = visit
  const [known, setKnown] = useState<CompanionRow | null | undefined>(undefined)
  const [fault, setFault] = useState<string | null>(null)
  useEffect(() => {
    void call('companion/of', { appointmentId }, { retry: true }).then((answer) =>
      answer.ok ? setKnown(answer.value.companion) : setFault(reason(answer.code)),
    )
  }, [appointmentId])
  const [remove, removing] = useBusy(async () => {
    const answer = await call('companion/remove', { id: known!.id }, { retry: true })
    if (!answer.ok) return setFault(reason(answer.code))
    toast(t('removed'), 'success')
    onClose()
  })
  const isFree = known === null || known?.state === 'declined' || known?.state === 'lapsed'
  return (
    <Dialog
      wide
      // What is typed is lost by no slip.
      firm={known !== undefined && isFree}
      open
      title={t('title', { name })}
      closeLabel={c('close')}
      onOpenChange={(open) => open || onClose()}
    >
      {fault ? (
        <div role="alert" className="mb-4">
          <FieldError>{fault}</FieldError>
        </div>
      ) : null}
      {known === undefined ? (
        fault ? null : (
          <div role="status" aria-label={c('loading')}>
            <Skeleton className="h-48 rounded-card" />
          </div>
        )
      ) : (
        <div className="flex flex-col gap-5">
          {known ? <Known row={known} /> : <p className="text-soft">{t('none')}</p>}
          {known && !isFree ? (
            <div className="flex flex-col-reverse gap-2.5 sm:flex-row sm:justify-end">
              <Button busy={removing} onClick={() => void remove()}>
                {t('remove')}
              </Button>
              <Button variant="primary" onClick={onClose}>
                {t('close')}
              </Button>
            </div>
          ) : (
            <AskForm {...{ appointmentId, way, onClose }} label={t(known ? 'somebodyElse' : 'ask')} />
          )}
        </div>
      )}
    </Dialog>
  )
}

function Known({ row }: { row: CompanionRow }) {
  const t = useTranslations('companion.visit')
  const list = useTranslations('companion.list')
  return (
    <Facts
      items={[
        {
          label: row.kind === 'interpreter' ? list('interpreter', { language: row.language }) : list('companion'),
          value: (
            <>
              {row.name ? <span className="block">{row.name}</span> : null}
              <span className="block wrap-anywhere">{row.email}</span>
              <span role="status" className="block font-normal text-soft">
                {t(`state.${row.state}`)}
              </span>
            </>
          ),
        },
      ]}
    />
  )
}

function AskForm({
  appointmentId,
  way,
  label,
  onClose,
}: {
  appointmentId: string
  way: Way
  label: string
  onClose: () => void
}) {
  const t = useTranslations('companion.visit')
  const locale = useLocale()
  const reason = useReason()
  const toast = useToast()
  const form = useRef<HTMLFormElement>(null)
  // One question, however often it is sent.
  const [id] = useState(() => crypto.randomUUID())
  const [draft, setDraft] = useState(() => emptyCompanion(locale, 'interpreter'))
  const [faults, setFaults] = useState<CompanionFaults>({})
  const [fault, setFault] = useState<string | null>(null)
  const [ask, asking] = useBusy(async () => {
    const read = readCompanion(draft, id)
    flushSync(() => {
      setFault(null)
      setFaults(read.faults ?? {})
    })
    if (!read.who) return form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
    const answer = await call('companion/add', { appointmentId, who: read.who }, { retry: true })
    if (!answer.ok) return setFault(reason(answer.code))
    toast(t('asked'), 'success')
    onClose()
  })
  return (
    <form
      ref={form}
      noValidate
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault()
        void ask()
      }}
    >
      <WhoFields
        {...{ draft, faults, way }}
        onDraft={(part) => {
          setDraft((now) => ({ ...now, ...part }))
          setFaults((now) => mended(now, part))
        }}
      />
      {fault ? (
        <p role="alert" className="text-danger">
          {fault}
        </p>
      ) : null}
      <div className="flex flex-col-reverse gap-2.5 sm:flex-row sm:justify-end">
        <Button onClick={onClose}>{t('close')}</Button>
        <Button type="submit" variant="primary" busy={asking}>
          {label}
        </Button>
      </div>
    </form>
  )
}
