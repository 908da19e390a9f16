'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { showFault } from '@/components/desk/show-fault'
import { type Chosen, type Typed, WhenPart } from '@/components/desk/when-part'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { RadioGroup } from '@/components/ui/choice'
import { Dialog } from '@/components/ui/dialog'
import { FieldError } from '@/components/ui/field'
import { Skeleton } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { ToSettle } from '@/lib/companion/rules'
import type { DeskOptions, DeskService } from '@/lib/desk/rules'
import { formatDay, formatTime } from '@/lib/time'
import { type CompanionFaults, emptyCompanion, mended, readCompanion } from './draft'
import { WhoFields } from './who-fields'

interface Props {
  row: ToSettle
  name: string
  onClose: () => void
}

/** Another time for a visit to which somebody could not come. Whose it is and why they come stays as it was written. */
export function AgainDialog({ row, name, onClose }: Props) {
  const t = useTranslations('companion.again')
  const c = useTranslations('common')
  const reason = useReason()
  const [options, setOptions] = useState<DeskOptions | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  useEffect(() => {
    void call('desk/options', {}, { retry: true }).then((answer) =>
      answer.ok ? setOptions(answer.value) : setFault(reason(answer.code)),
    )
  }, [])
  const service = options?.services.find(({ id }) => id === row.serviceId)
  return (
    <Dialog
      wide
      firm
      open
      title={t('title', { name })}
      description={t('lead')}
      closeLabel={c('close')}
      onOpenChange={(open) => open || onClose()}
    >
      {options && service ? (
        <Fields {...{ row, options, service, onClose }} />
      ) : fault || options ? (
        <FieldError>{fault ?? reason('NOT_FOUND')}</FieldError>
      ) : (
        <div role="status" aria-label={c('loading')}>
          <Skeleton className="h-96 rounded-card" />
        </div>
      )}
    </Dialog>
  )
}

function Fields({
  row,
  options,
  service,
  onClose,
}: Omit<Props, 'name'> & { options: DeskOptions; service: DeskService }) {
  const t = useTranslations('companion.again')
  const companion = useTranslations('companion')
  const desk = useTranslations('desk')
  const locale = useLocale()
  const reason = useReason()
  const toast = useToast()
  const { appointmentId } = row
  const { zone } = options
  const [id] = useState(() => crypto.randomUUID())
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const [typed, setTyped] = useState<Typed>({ day: '', time: '' })
  const [who, setWho] = useState<'same' | 'other' | 'nobody'>('same')
  const [draft, setDraft] = useState(() => emptyCompanion(options.locale, row.companion.kind))
  const [faults, setFaults] = useState<CompanionFaults>({})
  const [timeFault, setTimeFault] = useState<string | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const [isOutside, setOutside] = useState(false)
  const [lost, setLost] = useState(0)
  const form = useRef<HTMLFormElement>(null)
  const outside = isOutside || chosen?.place?.outside === true
  const choose = (next: Chosen | null) => {
    setTimeFault(next?.place?.taken ? desk('taken') : null)
    setOutside(false)
    setChosen(next)
  }
  /** Said above the button that was pressed, perhaps out of sight. */
  const say = (set: () => void) => {
    flushSync(set)
    showFault(form.current)
  }
  const [save, saving] = useBusy(async () => {
    setFault(null)
    const read = who === 'other' ? readCompanion(draft, id) : null
    flushSync(() => {
      setFaults(read?.faults ?? {})
      if (!chosen) setTimeFault(desk('noTime'))
    })
    if (!chosen || read?.faults) return showFault(form.current)
    const { memberId, startsAt } = chosen
    let { siteId } = chosen
    if (!chosen.place) {
      // Faster than the answer: what there is to ask about the time is asked first.
      const found = await call('desk/place', { serviceId: service.id, memberId, startsAt }, { retry: true })
      if (!found.ok) return setFault(reason(found.code))
      siteId = found.value.siteId
      const next = { ...chosen, siteId, place: found.value }
      if (found.value.outside || found.value.taken) return say(() => choose(next))
      choose(next)
    }
    const ask = who === 'nobody' ? null : read ? { kind: 'other' as const, who: read.who! } : { kind: 'same' as const }
    const answer = await call(
      'companion/again',
      { appointmentId, memberId, siteId, startsAt, anyway: outside, ask },
      { retry: true },
    )
    if (answer.ok) {
      const { until } = answer.value
      const at = until && new Date(until)
      const when = at && `${formatDay(at, zone, locale)}, ${formatTime(at, zone, locale)}`
      toast(when ? t('held', { until: when }) : t('booked'), 'success')
      return onClose()
    }
    if (answer.code === 'OUTSIDE_HOURS') return say(() => setOutside(true))
    if (answer.code === 'TOO_LATE') return setFault(companion('tooSoon'))
    if (answer.code === 'SLOT_TAKEN' || answer.code === 'SLOT_GONE') {
      setLost((count) => count + 1)
      return say(() => setTimeFault(desk(answer.code === 'SLOT_TAKEN' ? 'taken' : 'gone')))
    }
    const time = answer.fields?.startsAt
    if (time) return say(() => setTimeFault(desk(time === 'tooSmall' ? 'past' : 'far')))
    setFault(reason(answer.code))
  })
  const person = row.companion.name || row.companion.email
  return (
    <form
      ref={form}
      noValidate
      className="flex flex-col gap-6"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <WhenPart
        {...{ options, service, chosen, typed, lost, outside }}
        memberId={row.memberId}
        fault={timeFault}
        onChoose={choose}
        onType={setTyped}
        onRefused={(code) => setFault(reason(code))}
      />
      <RadioGroup
        name="companion-again"
        label={t('ask')}
        value={who}
        onChange={(event) => setWho(event.target.value as typeof who)}
        options={[
          { value: 'same', label: t('same', { person }) },
          { value: 'other', label: t('other') },
          { value: 'nobody', label: t('nobody') },
        ]}
      />
      {who === 'other' ? (
        <WhoFields
          {...{ draft, faults }}
          way={row.way}
          onDraft={(part) => {
            setDraft((now) => ({ ...now, ...part }))
            setFaults((now) => mended(now, part))
          }}
        />
      ) : null}
      {fault ? (
        <p role="alert" className="text-danger">
          {fault}
        </p>
      ) : null}
      <div className="flex flex-col-reverse gap-2.5 sm:flex-row sm:justify-end">
        <Button onClick={onClose}>{companion('visit.close')}</Button>
        <Button type="submit" variant="primary" busy={saving}>
          {t(who === 'nobody' ? 'book' : 'submit')}
        </Button>
      </div>
    </form>
  )
}
