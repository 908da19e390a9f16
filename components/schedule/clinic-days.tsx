'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Switch } from '@/components/ui/choice'
import { Dialog } from '@/components/ui/dialog'
import { FieldError } from '@/components/ui/field'
import { PlusIcon } from '@/components/ui/icons'
import { Select, TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { closedOn, type InTheWay, type ScheduleView } from '@/lib/schedule/rules'
import { formatPlainDay } from '@/lib/time'

interface Region {
  value: string
  label: string
}
interface Props {
  view: ScheduleView
  regions: Region[]
  today: string
  onDone: (inTheWay: InTheWay[]) => Promise<void>
}

/** Days on which nobody of the clinic is there: public holidays of its country, and what it closes for besides. */
export function ClinicDays({ view, regions, today, onDone }: Props) {
  const t = useTranslations('schedule')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const locale = useLocale()
  const [adding, setAdding] = useState(false)
  const day = (at: string) =>
    formatPlainDay(at, locale, { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' })
  const [choose] = useBusy(async (region: string) => {
    const answer = await call('schedule/save-holidays', { region }, { retry: true })
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    await onDone([])
  })
  // Shown at once; the answer may say otherwise.
  const [wish, setWish] = useState<{ day: string; isOpen: boolean } | null>(null)
  const [open] = useBusy(async (holiday: string, isOpen: boolean) => {
    setWish({ day: holiday, isOpen })
    await say(holiday, isOpen)
    setWish(null)
  })
  const say = async (holiday: string, isOpen: boolean) => {
    const said = view.clinicDays.filter((each) => each.firstDay === holiday && each.lastDay === holiday && !each.closed)
    const answers = isOpen
      ? [
          await call('schedule/add-clinic-days', {
            id: crypto.randomUUID(),
            firstDay: holiday,
            lastDay: holiday,
            closed: false,
          }),
        ]
      : await Promise.all(said.map(({ id }) => call('schedule/remove-clinic-days', { id })))
    const refused = answers.find((answer) => !answer.ok && answer.code !== 'NOT_FOUND')
    if (refused && !refused.ok) return toast(reason(refused.code), 'danger')
    await onDone([])
  }
  const [remove, removing] = useBusy(async (id: string) => {
    const answer = await call('schedule/remove-clinic-days', { id }, { retry: true })
    if (!answer.ok && answer.code !== 'NOT_FOUND') return toast(reason(answer.code), 'danger')
    await onDone([])
  })
  const isClosed = closedOn(view.clinicDays, view.holidays)
  const holidays = view.holidays.filter((each) => each.day >= today)
  const closures = view.clinicDays.filter(({ closed, lastDay }) => closed && lastDay >= today)
  const country = view.region.slice(0, 2)
  const countries = regions.filter(({ value }) => value.length === 2)
  const parts = regions.filter(({ value }) => value.length > 2 && value.startsWith(`${country}-`))
  const collator = new Intl.Collator(locale)
  const sorted = (all: Region[]) => all.toSorted((a, b) => collator.compare(a.label, b.label))
  return (
    <Card>
      <CardTitle
        actions={
          <Button size="sm" icon={<PlusIcon size={18} />} onClick={() => setAdding(true)}>
            {t('addClosed')}
          </Button>
        }
      >
        {t('clinicDays')}
      </CardTitle>
      <div className="grid gap-4 sm:grid-cols-2">
        <Select
          label={t('holidaysOf')}
          options={[{ value: '', label: t('noHolidays') }, ...sorted(countries)]}
          value={country}
          onChange={(event) => void choose(event.target.value)}
        />
        {parts.length ? (
          <Select
            label={t('region')}
            options={[{ value: country, label: t('wholeCountry') }, ...sorted(parts)]}
            value={view.region}
            onChange={(event) => void choose(event.target.value)}
          />
        ) : null}
      </div>
      {closures.length ? (
        <ul className="mt-4 divide-y divide-line" aria-label={t('closures')}>
          {closures.map(({ id, firstDay, lastDay }) => {
            const when =
              firstDay === lastDay ? day(firstDay) : t('period', { from: day(firstDay), until: day(lastDay) })
            return (
              <li key={id} className="flex flex-wrap items-center justify-between gap-2 py-2">
                <span>{t('closedOn', { when })}</span>
                <Button
                  size="sm"
                  variant="quiet"
                  busy={removing}
                  aria-label={t('removeClosed', { when })}
                  onClick={() => void remove(id)}
                >
                  {c('remove')}
                </Button>
              </li>
            )
          })}
        </ul>
      ) : null}
      {holidays.length ? (
        <details className="mt-4">
          <summary className="min-h-11 cursor-pointer py-2 font-semibold">
            {t('holidaysAhead', { count: holidays.length })}
          </summary>
          <ul className="divide-y divide-line">
            {holidays.map((holiday) => (
              <li key={holiday.day + holiday.name}>
                <Switch
                  label={`${day(holiday.day)} · ${holiday.name}`}
                  hint={t(isClosed(holiday.day) ? 'isClosed' : 'isOpen')}
                  checked={wish?.day === holiday.day ? wish.isOpen : !isClosed(holiday.day)}
                  onChange={(event) => void open(holiday.day, event.target.checked)}
                />
              </li>
            ))}
          </ul>
        </details>
      ) : null}
      <Dialog
        title={t('addClosed')}
        description={t('addClosedText')}
        closeLabel={c('close')}
        open={adding}
        onOpenChange={setAdding}
      >
        {adding ? <Fields today={today} onDone={onDone} onClose={() => setAdding(false)} /> : null}
      </Dialog>
    </Card>
  )
}

function Fields({ today, onDone, onClose }: Pick<Props, 'today' | 'onDone'> & { onClose: () => void }) {
  const t = useTranslations('schedule')
  const reason = useReason()
  const [id] = useState(() => crypto.randomUUID())
  const [{ firstDay, lastDay }, setDays] = useState({ firstDay: today, lastDay: today })
  const [fault, setFault] = useState<string | null>(null)
  const [save, busy] = useBusy(async () => {
    if (!firstDay || !lastDay) return setFault(reason.field('required'))
    if (lastDay < firstDay) return setFault(reason.field('timeOrder'))
    const answer = await call('schedule/add-clinic-days', { id, firstDay, lastDay, closed: true }, { retry: true })
    if (!answer.ok) return setFault(answer.fields?.lastDay ? reason.field(answer.fields.lastDay) : reason(answer.code))
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
          value={firstDay}
          onChange={({ target: { value } }) =>
            setDays((all) => ({ firstDay: value, lastDay: all.lastDay < value ? value : all.lastDay }))
          }
        />
        <TextField
          type="date"
          label={t('lastDay')}
          min={firstDay}
          value={lastDay}
          onChange={(event) => setDays((all) => ({ ...all, lastDay: event.target.value }))}
        />
      </div>
      {fault ? <FieldError>{fault}</FieldError> : null}
      <Button type="submit" variant="primary" busy={busy}>
        {t('addClosed')}
      </Button>
    </form>
  )
}
