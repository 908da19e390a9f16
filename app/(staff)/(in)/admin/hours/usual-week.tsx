'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useFormatter, useTranslations } from 'next-intl'
import { useForm, useWatch } from 'react-hook-form'
import { useReason } from '@/components/staff/use-reason'
import { toRows, toWeek, WeekForm } from '@/components/staff/week'
import { WeekFields } from '@/components/staff/week-fields'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Avatar } from '@/components/ui/progress'
import type { SelectOption } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import type { PractitionerView } from '@/lib/clinic/rules'
import type { WeeklyRow } from '@/lib/schedule/rules'

interface Props {
  practitioner: PractitionerView
  rows: WeeklyRow[]
  places: SelectOption[]
  onDone: () => Promise<void>
}

export function UsualWeek({ practitioner, rows, places, onDone }: Props) {
  const t = useTranslations('admin')
  const s = useTranslations('schedule')
  const format = useFormatter()
  const toast = useToast()
  const reason = useReason()
  const form = useForm<WeekForm>({ resolver: zodResolver(WeekForm), defaultValues: toWeek(rows) })
  const { errors, isSubmitting, isDirty } = form.formState
  const days = useWatch({ control: form.control, name: 'days' })
  const total = toRows({ days }).reduce((sum, row) => sum + Math.max(0, row.endMinute - row.startMinute || 0), 0)
  const save = form.handleSubmit(async (week) => {
    const answer = await call('schedule/save-week', { memberId: practitioner.id, hours: toRows(week) })
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    form.reset(week)
    toast(t('hours.saved'), 'success')
    await onDone()
  })
  return (
    <Card>
      <form onSubmit={save} noValidate aria-label={practitioner.displayName}>
        <div className="mb-3 flex items-center gap-3">
          <Avatar name={practitioner.displayName} />
          <div>
            <h2 className="text-xl">{practitioner.displayName}</h2>
            <p className="text-sm text-soft">
              {[
                s('usualWeek'),
                practitioner.title,
                t('hours.total', { hours: format.number(total / 60, { maximumFractionDigits: 1 }) }),
              ]
                .filter(Boolean)
                .join(' · ')}
            </p>
          </div>
        </div>
        <WeekFields control={form.control} register={form.register} errors={errors} places={places} beside />
        <p className="mt-3 text-sm text-soft">{t('hours.besideHint')}</p>
        <div className="mt-4">
          <Button type="submit" variant="primary" busy={isSubmitting} disabled={!isDirty}>
            {t('hours.save')}
          </Button>
        </div>
      </form>
    </Card>
  )
}
