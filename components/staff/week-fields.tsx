'use client'
import { useFormatter, useTranslations } from 'next-intl'
import { type Control, type FieldErrors, useFieldArray, type UseFormRegister } from 'react-hook-form'
import { Button, IconButton } from '@/components/ui/button'
import { FieldError } from '@/components/ui/field'
import { PlusIcon, TrashIcon } from '@/components/ui/icons'
import { Select, type SelectOption, TextField } from '@/components/ui/text-field'
import { mostWalkIns } from '@/lib/schedule/rules'
import { useReason } from './use-reason'
import type { WeekForm } from './week'

export interface WeekProps {
  control: Control<WeekForm>
  register: UseFormRegister<WeekForm>
  errors: FieldErrors<WeekForm>
  /** Where each stretch can be; none, of a clinic with one place. */
  places?: SelectOption[]
  /** Whether it is asked how many visits the desk may put in beside others. */
  beside?: boolean
}

export const walkInChoices = Array.from({ length: mostWalkIns + 1 }, (_, count) => count)

/** Seven days; a day without a stretch is closed. */
export const WeekFields = (form: WeekProps) => (
  <div className="divide-y divide-line">
    {[0, 1, 2, 3, 4, 5, 6].map((day) => (
      <DayFields key={day} day={day} {...form} />
    ))}
  </div>
)

/** 1 January 2024 was a Monday. */
const weekdayName = (format: ReturnType<typeof useFormatter>, weekday: number, style: 'long' | 'short' = 'long') =>
  format.dateTime(new Date(Date.UTC(2024, 0, weekday)), { weekday: style, timeZone: 'UTC' })

function DayFields({ day, control, register, errors, places = [], beside = false }: WeekProps & { day: number }) {
  const t = useTranslations('admin')
  const s = useTranslations('sites')
  const format = useFormatter()
  const reason = useReason()
  const { fields, append, remove } = useFieldArray({ control, name: `days.${day}.spans` })
  const name = weekdayName(format, day + 1)
  const faults = errors.days?.[day]?.spans
  return (
    <fieldset className="grid gap-x-4 gap-y-2 py-3 sm:grid-cols-[8rem_1fr_auto] sm:items-start">
      <legend className="sr-only">{name}</legend>
      <p aria-hidden className="font-semibold capitalize sm:pt-2.5">
        {name}
      </p>
      <div className="flex flex-col gap-2">
        {fields.length === 0 ? <p className="text-soft sm:pt-2.5">{t('hours.closed')}</p> : null}
        {fields.map((field, index) => {
          const fault = faults?.[index]?.start ?? faults?.[index]?.end
          return (
            <div key={field.id}>
              <div className="flex flex-wrap items-center gap-2">
                <TextField
                  type="time"
                  hideLabel
                  label={t('hours.from', { day: name, number: index + 1 })}
                  className="max-w-36 min-w-0 grow basis-28"
                  {...register(`days.${day}.spans.${index}.start`)}
                />
                <span aria-hidden>–</span>
                <TextField
                  type="time"
                  hideLabel
                  label={t('hours.to', { day: name, number: index + 1 })}
                  className="max-w-36 min-w-0 grow basis-28"
                  {...register(`days.${day}.spans.${index}.end`)}
                />
                {places.length ? (
                  <Select
                    hideLabel
                    label={s('stretchAt', { day: name, number: index + 1 })}
                    options={places}
                    className="w-44"
                    {...register(`days.${day}.spans.${index}.site`)}
                  />
                ) : null}
                {beside ? (
                  <Select
                    hideLabel
                    label={t('hours.walkIns', { day: name, number: index + 1 })}
                    options={walkInChoices.map((count) => ({
                      value: String(count),
                      label: t('hours.beside', { count }),
                    }))}
                    className="w-44"
                    {...register(`days.${day}.spans.${index}.walkIns`)}
                  />
                ) : null}
                <IconButton
                  label={t('hours.removeSpan', { day: name, number: index + 1 })}
                  icon={<TrashIcon />}
                  onClick={() => remove(index)}
                />
              </div>
              {fault ? <FieldError>{reason.field(fault.message)}</FieldError> : null}
            </div>
          )
        })}
      </div>
      <Button
        size="sm"
        variant="quiet"
        icon={<PlusIcon size={18} />}
        aria-label={t('hours.addSpanTo', { day: name })}
        onClick={() =>
          append({
            ...(fields.length ? { start: '14:00', end: '18:00' } : { start: '09:00', end: '12:00' }),
            site: places[0]?.value ?? '',
            walkIns: '0',
          })
        }
      >
        {t('hours.addSpan')}
      </Button>
    </fieldset>
  )
}
