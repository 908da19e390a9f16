'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useEffect, useEffectEvent } from 'react'
import { useFieldArray, useForm } from 'react-hook-form'
import type { z } from 'zod'
import { useReason } from '@/components/staff/use-reason'
import { Button, IconButton } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/choice'
import { PlusIcon, TrashIcon } from '@/components/ui/icons'
import { TextArea, TextField } from '@/components/ui/text-field'
import { emptyItem, PrescriptionForm } from '@/lib/prescription/rules'

type Input = z.input<typeof PrescriptionForm>
const empty: Input = { items: [emptyItem], notes: '', validDays: 90 }

/** What stands in the sealed draft, if it is a form's. */
const fromDraft = (draft: unknown): Input =>
  typeof draft === 'object' && draft && Array.isArray((draft as Input).items)
    ? { ...empty, ...(draft as Input) }
    : empty

export function RxForm({
  start,
  heading,
  onChange,
  onReady,
}: {
  start: unknown
  heading?: string
  onChange: (form: Input) => void
  onReady: (form: PrescriptionForm) => void
}) {
  const t = useTranslations('prescription')
  const reason = useReason()
  const form = useForm<Input, unknown, PrescriptionForm>({
    resolver: zodResolver(PrescriptionForm),
    defaultValues: fromDraft(start),
  })
  const { register, control, formState } = form
  const { errors, isSubmitting } = formState
  const { fields, append, remove } = useFieldArray({ control, name: 'items' })
  const changed = useEffectEvent(() => {
    if (form.formState.isDirty) onChange(form.getValues())
  })
  useEffect(() => form.subscribe({ formState: { values: true, isDirty: true }, callback: () => changed() }), [form])

  const text = (
    index: number,
    name: 'medicine' | 'dose' | 'form' | 'route' | 'frequency' | 'duration' | 'quantity',
    className?: string,
  ) => {
    const fault = errors.items?.[index]?.[name]
    return (
      <TextField
        label={t(name)}
        placeholder={t(`example.${name}`)}
        className={className}
        autoComplete="off"
        error={fault && reason.field(fault.message)}
        {...register(`items.${index}.${name}`)}
      />
    )
  }
  return (
    <form onSubmit={form.handleSubmit(onReady)} noValidate className="flex flex-col gap-5">
      {heading ? <h3 className="text-lg">{heading}</h3> : null}
      {fields.map((field, index) => (
        <fieldset key={field.id} className="flex flex-col gap-3 rounded-card border border-line p-4">
          <legend className="px-1.5 text-sm font-semibold text-soft">{t('item', { number: index + 1 })}</legend>
          <div className="grid gap-3 sm:grid-cols-[2fr_1fr_1fr]">
            {text(index, 'medicine')}
            {text(index, 'dose')}
            {text(index, 'form')}
          </div>
          <div className="grid gap-3 sm:grid-cols-3">
            {text(index, 'frequency')}
            {text(index, 'duration')}
            {text(index, 'route')}
          </div>
          <div className="grid gap-3 sm:grid-cols-[1fr_1fr_2fr]">
            {text(index, 'quantity')}
            <TextField
              label={t('repeats')}
              inputMode="numeric"
              error={errors.items?.[index]?.repeats && reason.field(errors.items[index].repeats.message)}
              {...register(`items.${index}.repeats`)}
            />
            <TextField
              label={t('notes')}
              error={errors.items?.[index]?.notes && reason.field(errors.items[index].notes.message)}
              {...register(`items.${index}.notes`)}
            />
          </div>
          <div className="flex items-center justify-between gap-3">
            <Checkbox label={t('substitution')} {...register(`items.${index}.substitution`)} />
            {fields.length > 1 ? (
              <IconButton
                label={t('removeItem', { number: index + 1 })}
                icon={<TrashIcon />}
                onClick={() => remove(index)}
              />
            ) : null}
          </div>
        </fieldset>
      ))}
      <div>
        <Button size="sm" icon={<PlusIcon size={18} />} onClick={() => append(emptyItem)}>
          {t('addItem')}
        </Button>
      </div>
      <div className="grid gap-3 sm:grid-cols-[1fr_9rem]">
        <TextArea
          label={t('generalNotes')}
          rows={2}
          error={errors.notes && reason.field(errors.notes.message)}
          {...register('notes')}
        />
        <TextField
          label={t('validDays')}
          inputMode="numeric"
          after={t('days')}
          error={errors.validDays && reason.field(errors.validDays.message)}
          {...register('validDays')}
        />
      </div>
      <div>
        <Button type="submit" variant="primary" busy={isSubmitting}>
          {t('preview')}
        </Button>
      </div>
    </form>
  )
}
