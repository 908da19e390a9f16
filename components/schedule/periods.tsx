'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { useReason } from '@/components/staff/use-reason'
import { toRows, toWeek, WeekForm } from '@/components/staff/week'
import { WeekFields } from '@/components/staff/week-fields'
import { AskFirst } from '@/components/ui/ask-first'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Dialog } from '@/components/ui/dialog'
import { FieldError } from '@/components/ui/field'
import { PlusIcon } from '@/components/ui/icons'
import { type SelectOption, TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import type { WeeklyRow } from '@/lib/schedule/rules'
import { formatPlainDay } from '@/lib/time'

interface Props {
  memberId: string
  name: string
  /** All of theirs, the usual ones among them. */
  weekly: WeeklyRow[]
  places: SelectOption[]
  onDone: () => Promise<void>
}
interface Period {
  from: string
  until: string
}

/** Hours that replace the usual ones for some time: summer, a parental leave of half days. */
export function Periods({ memberId, name, weekly, places, onDone }: Props) {
  const t = useTranslations('schedule')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const locale = useLocale()
  const [editing, setEditing] = useState<Period | 'new' | null>(null)
  const periods = [
    ...new Map(
      weekly.flatMap(({ validFrom: from, validUntil: until }) =>
        from && until ? [[from, { from, until }] as const] : [],
      ),
    ).values(),
  ].sort((a, b) => (a.from < b.from ? -1 : 1))
  const rowsOf = ({ from }: Period) => weekly.filter((row) => row.validFrom === from)
  const usual = weekly.filter((row) => row.validFrom === null)
  const day = (at: string) => formatPlainDay(at, locale, { day: 'numeric', month: 'short', year: 'numeric' })
  const words = ({ from, until }: Period) => t('period', { from: day(from), until: day(until) })
  const remove = async (period: Period) => {
    const answer = await call('schedule/remove-period', { memberId, period }, { retry: true })
    if (!answer.ok) return reason(answer.code)
    toast(t('periodRemoved'), 'success')
    await onDone()
    return null
  }
  return (
    <Card>
      <CardTitle
        actions={
          <Button size="sm" icon={<PlusIcon size={18} />} onClick={() => setEditing('new')}>
            {t('addPeriod')}
          </Button>
        }
      >
        {t('periods')}
      </CardTitle>
      {periods.length ? (
        <ul className="divide-y divide-line">
          {periods.map((period) => (
            <li key={period.from} className="flex flex-wrap items-center justify-between gap-2 py-2">
              <span>{words(period)}</span>
              <span className="flex gap-1">
                <Button
                  size="sm"
                  variant="quiet"
                  aria-label={t('editPeriod', { when: words(period) })}
                  onClick={() => setEditing(period)}
                >
                  {c('edit')}
                </Button>
                <AskFirst
                  title={t('removePeriodTitle')}
                  description={t('removePeriodText', { when: words(period) })}
                  cancelLabel={c('cancel')}
                  actionLabel={c('remove')}
                  act={() => remove(period)}
                  trigger={
                    <Button size="sm" variant="quiet" aria-label={t('removePeriod', { when: words(period) })}>
                      {c('remove')}
                    </Button>
                  }
                />
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <p className="text-soft">{t('noPeriods')}</p>
      )}
      <Dialog
        wide
        title={t(editing === 'new' ? 'addPeriod' : 'editPeriodTitle')}
        description={t('periodText', { name })}
        closeLabel={c('close')}
        open={editing !== null}
        onOpenChange={(open) => !open && setEditing(null)}
      >
        {editing ? (
          <Fields
            {...{ memberId, places, onDone }}
            was={editing === 'new' ? null : editing}
            start={editing === 'new' ? usual : rowsOf(editing)}
            onClose={() => setEditing(null)}
          />
        ) : null}
      </Dialog>
    </Card>
  )
}

function Fields({
  memberId,
  places,
  was,
  start,
  onDone,
  onClose,
}: Pick<Props, 'memberId' | 'places' | 'onDone'> & { was: Period | null; start: WeeklyRow[]; onClose: () => void }) {
  const t = useTranslations('schedule')
  const reason = useReason()
  const toast = useToast()
  const [period, setPeriod] = useState<Period>(was ?? { from: '', until: '' })
  const [faults, setFaults] = useState<Partial<Record<'from' | 'until' | 'hours' | 'other', string>>>({})
  const form = useForm<WeekForm>({ resolver: zodResolver(WeekForm), defaultValues: toWeek(start) })
  const { errors, isSubmitting } = form.formState
  const save = form.handleSubmit(async (week) => {
    const hours = toRows(week)
    const wrong = {
      ...(!period.from && { from: 'required' }),
      ...(!period.until && { until: 'required' }),
      ...(period.from && period.until && period.until < period.from && { until: 'timeOrder' }),
      ...(!hours.length && { hours: 'required' }),
    }
    setFaults(wrong)
    if (Object.keys(wrong).length) return
    const answer = await call('schedule/save-week', { memberId, period, was, hours }, { retry: true })
    if (!answer.ok) {
      const known = answer.fields?.period ?? answer.fields?.['period.until']
      return setFaults(known ? { until: known } : { other: reason(answer.code) })
    }
    toast(t('periodSaved'), 'success')
    await onDone()
    onClose()
  })
  return (
    <form onSubmit={save} noValidate className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          type="date"
          label={t('firstDay')}
          value={period.from}
          error={faults.from && reason.field(faults.from)}
          onChange={(event) => setPeriod((all) => ({ ...all, from: event.target.value }))}
        />
        <TextField
          type="date"
          label={t('lastDay')}
          min={period.from}
          value={period.until}
          error={faults.until && (faults.until === 'overlap' ? t('periodOverlap') : reason.field(faults.until))}
          onChange={(event) => setPeriod((all) => ({ ...all, until: event.target.value }))}
        />
      </div>
      <WeekFields control={form.control} register={form.register} errors={errors} places={places} beside />
      {faults.hours ? <FieldError>{t('periodEmpty')}</FieldError> : null}
      {faults.other ? <FieldError>{faults.other}</FieldError> : null}
      <Button type="submit" variant="primary" busy={isSubmitting}>
        {t('savePeriod')}
      </Button>
    </form>
  )
}
