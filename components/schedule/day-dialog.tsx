'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { walkInChoices } from '@/components/staff/week-fields'
import { Button, IconButton } from '@/components/ui/button'
import { RadioGroup } from '@/components/ui/choice'
import { Dialog } from '@/components/ui/dialog'
import { FieldError } from '@/components/ui/field'
import { PlusIcon, TrashIcon } from '@/components/ui/icons'
import { Select, type SelectOption, TextField } from '@/components/ui/text-field'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { type InTheWay, type PlacedRow, SaveDayInput } from '@/lib/schedule/rules'
import { formatPlainDay } from '@/lib/time'
import { fieldTime, minuteOf } from './clock'

interface Props {
  /** The day that is asked about; null: none. */
  day: string | null
  memberId: string
  name: string
  /** Its own hours so far; null: it has none of its own. */
  own: PlacedRow[] | null
  /** What holds on such a day, to begin from. */
  usual: PlacedRow[]
  places: SelectOption[]
  onClose: () => void
  onDone: (inTheWay: InTheWay[]) => Promise<void>
}

type Choice = 'usual' | 'own' | 'closed'
interface Span {
  id: number
  start: string
  end: string
  site: string
  walkIns: number
}

export function DayDialog(props: Props) {
  const c = useTranslations('common')
  const locale = useLocale()
  const { day, name, onClose } = props
  const title = (at: string) =>
    formatPlainDay(at, locale, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
  return (
    <Dialog
      title={<span className="inline-block first-letter:uppercase">{day ? title(day) : ''}</span>}
      description={name}
      closeLabel={c('close')}
      open={day !== null}
      onOpenChange={(open) => !open && onClose()}
    >
      {day ? <Fields {...props} day={day} key={day} /> : null}
    </Dialog>
  )
}

function Fields({ day, memberId, own, usual, places, onDone, onClose }: Props & { day: string }) {
  const t = useTranslations('schedule')
  const a = useTranslations('admin')
  const reason = useReason()
  const [choice, setChoice] = useState<Choice>(own === null ? 'usual' : own.length ? 'own' : 'closed')
  // What is there keeps its place, be it at no site.
  const known = own?.length ? own : usual
  const [spans, setSpans] = useState<Span[]>(() =>
    (known.length ? known : [{ startMinute: 540, endMinute: 720, siteId: places[0]?.value || null, walkIns: 0 }]).map(
      (row, id): Span => ({
        id,
        start: fieldTime(row.startMinute),
        end: fieldTime(row.endMinute),
        site: row.siteId ?? '',
        walkIns: row.walkIns,
      }),
    ),
  )
  const [faults, setFaults] = useState<Record<string, string>>({})
  const change = (id: number, part: Partial<Span>) =>
    setSpans((all) => all.map((span) => (span.id === id ? { ...span, ...part } : span)))
  const [save, busy] = useBusy(async () => {
    const hours = spans.map(({ start, end, site, walkIns }) => ({
      startMinute: minuteOf(start) ?? -1,
      endMinute: minuteOf(end, true) ?? -1,
      ...{ siteId: site || null, walkIns },
    }))
    const input = { memberId, day, hours: choice === 'usual' ? null : choice === 'closed' ? [] : hours }
    const checked = SaveDayInput.safeParse(input)
    if (!checked.success)
      return setFaults(
        Object.fromEntries(
          checked.error.issues.map(({ path, message }) => [
            path.slice(0, 2).join('.'),
            message === 'timeOrder' || message === 'overlap' ? message : 'required',
          ]),
        ),
      )
    setFaults({})
    const answer = await call('schedule/save-day', checked.data, { retry: true })
    if (!answer.ok) return setFaults({ '': reason(answer.code) })
    await onDone(answer.value.inTheWay)
    onClose()
  })
  return (
    <form
      noValidate
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <RadioGroup
        label={t('thatDay')}
        hideLabel
        name="that-day"
        look="cards"
        value={choice}
        onChange={(event) => setChoice(event.target.value as Choice)}
        options={[
          { value: 'usual', label: t('asUsual'), hint: t('asUsualHint') },
          { value: 'own', label: t('otherHours') },
          { value: 'closed', label: t('notThatDay') },
        ]}
      />
      {choice === 'own' ? (
        <div className="flex flex-col gap-2">
          {spans.map((span, index) => (
            <div key={span.id}>
              <div className="flex flex-wrap items-center gap-2">
                <TextField
                  type="time"
                  hideLabel
                  label={t('from', { number: index + 1 })}
                  className="max-w-36 min-w-0 grow basis-28"
                  value={span.start}
                  onChange={(event) => change(span.id, { start: event.target.value })}
                />
                <span aria-hidden>–</span>
                <TextField
                  type="time"
                  hideLabel
                  label={t('to', { number: index + 1 })}
                  className="max-w-36 min-w-0 grow basis-28"
                  value={span.end}
                  onChange={(event) => change(span.id, { end: event.target.value })}
                />
                {places.length ? (
                  <Select
                    hideLabel
                    label={t('at', { number: index + 1 })}
                    options={places}
                    className="w-44"
                    value={span.site}
                    onChange={(event) => change(span.id, { site: event.target.value })}
                  />
                ) : null}
                <Select
                  hideLabel
                  label={t('walkIns', { number: index + 1 })}
                  options={walkInChoices.map((count) => ({
                    value: String(count),
                    label: a('hours.beside', { count }),
                  }))}
                  className="w-44"
                  value={String(span.walkIns)}
                  onChange={(event) => change(span.id, { walkIns: Number(event.target.value) })}
                />
                {spans.length > 1 ? (
                  <IconButton
                    label={t('removeSpan', { number: index + 1 })}
                    icon={<TrashIcon />}
                    onClick={() => setSpans((all) => all.filter(({ id }) => id !== span.id))}
                  />
                ) : null}
              </div>
              {faults[`hours.${index}`] ? <FieldError>{reason.field(faults[`hours.${index}`])}</FieldError> : null}
            </div>
          ))}
          <Button
            size="sm"
            variant="quiet"
            className="self-start"
            icon={<PlusIcon size={18} />}
            onClick={() =>
              setSpans((all) => [
                ...all,
                {
                  id: Math.max(...all.map(({ id }) => id)) + 1,
                  ...{ start: '14:00', end: '18:00', site: places[0]?.value ?? '', walkIns: 0 },
                },
              ])
            }
          >
            {t('addSpan')}
          </Button>
        </div>
      ) : null}
      {faults[''] ? <FieldError>{faults['']}</FieldError> : null}
      <Button type="submit" variant="primary" busy={busy}>
        {t('saveDay')}
      </Button>
    </form>
  )
}
