'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Checkbox } from '@/components/ui/choice'
import { Dialog } from '@/components/ui/dialog'
import { FieldError } from '@/components/ui/field'
import { PlusIcon } from '@/components/ui/icons'
import { TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { Absence, InTheWay } from '@/lib/schedule/rules'
import { instantAt } from '@/lib/schedule/wall-clock'
import { dayIn, formatPlainDay, formatTime } from '@/lib/time'
import { minuteOf } from './clock'

interface Props {
  memberId: string
  absences: Absence[]
  zone: string
  locale: string
  today: string
  onDone: (inTheWay: InTheWay[]) => Promise<void>
}

/** When a practitioner is not there: a list, each with a way to take it back, and a form for one more. */
export function Away({ memberId, absences, zone, locale, today, onDone }: Props) {
  const t = useTranslations('schedule')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const [adding, setAdding] = useState(false)
  const [remove, removing] = useBusy(async (absence: Absence) => {
    const answer = await call('schedule/remove-absence', { id: absence.id, memberId })
    if (!answer.ok && answer.code !== 'NOT_FOUND') return toast(reason(answer.code), 'danger')
    await onDone([])
  })
  const coming = absences.filter(({ endsAt }) => dayIn(zone, new Date(endsAt)) >= today)
  return (
    <Card>
      <CardTitle
        actions={
          <Button size="sm" icon={<PlusIcon size={18} />} onClick={() => setAdding(true)}>
            {t('addAway')}
          </Button>
        }
      >
        {t('away')}
      </CardTitle>
      {coming.length ? (
        <ul className="divide-y divide-line">
          {coming.map((absence) => {
            const words = wordsOf(absence, zone, locale)
            return (
              <li key={absence.id} className="flex flex-wrap items-center justify-between gap-2 py-2">
                <span>{words}</span>
                <Button
                  size="sm"
                  variant="quiet"
                  busy={removing}
                  aria-label={t('removeAway', { when: words })}
                  onClick={() => void remove(absence)}
                >
                  {c('remove')}
                </Button>
              </li>
            )
          })}
        </ul>
      ) : (
        <p className="text-soft">{t('noAway')}</p>
      )}
      <Dialog
        title={t('addAway')}
        description={t('addAwayText')}
        closeLabel={c('close')}
        open={adding}
        onOpenChange={setAdding}
      >
        {adding ? <Fields {...{ memberId, zone, today, onDone }} onClose={() => setAdding(false)} /> : null}
      </Dialog>
    </Card>
  )
}

/** "Mon 30 Nov – Fri 4 Dec"; "Mon 30 Nov, 14:00–16:00"; days that are whole have no times. */
function wordsOf({ startsAt, endsAt }: Absence, zone: string, locale: string): string {
  const day = (at: Date) =>
    formatPlainDay(dayIn(zone, at), locale, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })
  const [start, end] = [new Date(startsAt), new Date(endsAt)]
  const isMidnight = (at: Date) => at.getTime() === instantAt(dayIn(zone, at), 0, zone).getTime()
  const last = isMidnight(end) ? new Date(end.getTime() - 1) : end
  if (isMidnight(start) && isMidnight(end))
    return dayIn(zone, start) === dayIn(zone, last) ? day(start) : `${day(start)} – ${day(last)}`
  const time = (at: Date) => formatTime(at, zone, locale)
  return dayIn(zone, start) === dayIn(zone, last)
    ? `${day(start)}, ${time(start)}–${time(end)}`
    : `${day(start)}, ${time(start)} – ${day(end)}, ${time(end)}`
}

function Fields({
  memberId,
  zone,
  today,
  onDone,
  onClose,
}: Omit<Props, 'absences' | 'locale'> & { onClose: () => void }) {
  const t = useTranslations('schedule')
  const reason = useReason()
  // Made once: what is sent again after a lost answer is the same absence.
  const [id] = useState(() => crypto.randomUUID())
  const [whole, setWhole] = useState(true)
  const [form, setForm] = useState({ first: today, last: today, start: '09:00', end: '12:00' })
  const [fault, setFault] = useState<string | null>(null)
  const set = (part: Partial<typeof form>) => setForm((all) => ({ ...all, ...part }))
  const [save, busy] = useBusy(async () => {
    const { first, last, start, end } = form
    if (!first || !last) return setFault(reason.field('required'))
    const [begins, ends] = whole ? [0, 1440] : [minuteOf(start), minuteOf(end, true)]
    if (begins === null || ends === null) return setFault(reason.field('required'))
    // By the clinic's clock, whichever this device has.
    const [from, until] = [instantAt(first, begins, zone), instantAt(last, ends, zone)]
    if (from >= until) return setFault(reason.field('timeOrder'))
    const input = { id, memberId, startsAt: from.toISOString(), endsAt: until.toISOString() }
    const answer = await call('schedule/add-absence', input, { retry: true })
    if (!answer.ok) return setFault(answer.fields?.endsAt ? reason.field(answer.fields.endsAt) : reason(answer.code))
    await onDone(answer.value.inTheWay)
    onClose()
  })
  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          type="date"
          label={t('firstDay')}
          value={form.first}
          onChange={(event) =>
            set({ first: event.target.value, ...(event.target.value > form.last && { last: event.target.value }) })
          }
        />
        <TextField
          type="date"
          label={t('lastDay')}
          min={form.first}
          value={form.last}
          onChange={(event) => set({ last: event.target.value })}
        />
      </div>
      <Checkbox label={t('wholeDays')} checked={whole} onChange={(event) => setWhole(event.target.checked)} />
      {whole ? null : (
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            type="time"
            label={t('fromTime')}
            value={form.start}
            onChange={(event) => set({ start: event.target.value })}
          />
          <TextField
            type="time"
            label={t('untilTime')}
            value={form.end}
            onChange={(event) => set({ end: event.target.value })}
          />
        </div>
      )}
      {fault ? <FieldError>{fault}</FieldError> : null}
      <Button type="submit" variant="primary" busy={busy}>
        {t('addAway')}
      </Button>
    </form>
  )
}
