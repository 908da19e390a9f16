'use client'
import { useTranslations } from 'next-intl'
import { useFieldArray, useFormContext, useWatch } from 'react-hook-form'
import { useReason } from '@/components/staff/use-reason'
import { Button, IconButton } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/choice'
import { FieldGroup } from '@/components/ui/field'
import { ChevronDownIcon, ChevronUpIcon, PlusIcon, TrashIcon } from '@/components/ui/icons'
import { Select, TextArea, TextField } from '@/components/ui/text-field'
import { questionKinds } from '@/lib/intake/rules'
import type { TypedService } from './service-dialog'

const shortId = () => crypto.randomUUID().slice(0, 8)

/** The form's questions: words here are public, what patients answer is sealed. */
export function QuestionFields() {
  const t = useTranslations('admin')
  const { control } = useFormContext<TypedService>()
  const { fields, append, remove, swap } = useFieldArray({ control, name: 'intakeForm.questions', keyName: 'key' })
  return (
    <FieldGroup label={t('questions.title')} hint={t('questions.hint')}>
      {() => (
        <div className="flex flex-col gap-3">
          {fields.map((field, index) => (
            <QuestionPart
              key={field.key}
              index={index}
              onRemove={() => remove(index)}
              onUp={index > 0 ? () => swap(index, index - 1) : undefined}
              onDown={index < fields.length - 1 ? () => swap(index, index + 1) : undefined}
            />
          ))}
          <div>
            <Button
              size="sm"
              icon={<PlusIcon size={18} />}
              onClick={() => append({ id: shortId(), kind: 'text', label: '', required: false })}
            >
              {t('questions.add')}
            </Button>
          </div>
        </div>
      )}
    </FieldGroup>
  )
}

function QuestionPart({
  index,
  onRemove,
  onUp,
  onDown,
}: {
  index: number
  onRemove: () => void
  onUp?: () => void
  onDown?: () => void
}) {
  const t = useTranslations('admin')
  const reason = useReason()
  const { register, control, setValue, formState } = useFormContext<TypedService>()
  const at = `intakeForm.questions.${index}` as const
  const kind = useWatch({ control, name: `${at}.kind` })
  const options = useWatch({ control, name: `${at}.options` })
  const faults = formState.errors.intakeForm?.questions?.[index]
  const listed = kind === 'choice' || kind === 'multi'
  const number = { number: index + 1 }
  return (
    <fieldset className="rounded-card border border-line p-4">
      <legend className="px-1.5 text-sm font-semibold text-soft">{t('questions.one', number)}</legend>
      <div className="grid gap-3 sm:grid-cols-[1fr_12rem]">
        <TextField
          label={t('questions.label')}
          error={faults?.label && reason.field(faults.label.message)}
          {...register(`${at}.label`)}
        />
        <Select
          label={t('questions.kind')}
          options={questionKinds.map((value) => ({ value, label: t(`questions.kinds.${value}`) }))}
          {...register(`${at}.kind`, {
            onChange: (event: { target: { value: string } }) => {
              if (event.target.value === 'scale') {
                setValue(`${at}.min`, 0)
                setValue(`${at}.max`, 10)
              }
            },
          })}
        />
      </div>
      {listed ? (
        <TextArea
          label={t('questions.options')}
          hint={t('questions.optionsHint')}
          rows={3}
          className="mt-3"
          defaultValue={options?.map((option) => option.label).join('\n')}
          error={faults && !faults.label ? reason.field('choose') : undefined}
          onChange={(event) => {
            const labels = event.target.value.split('\n').filter((label) => label.trim())
            const known = options ?? []
            setValue(
              `${at}.options`,
              labels.map((label, place) => ({ id: known[place]?.id ?? shortId(), label })),
            )
          }}
        />
      ) : null}
      <div className="mt-1 flex flex-wrap items-center justify-between gap-3">
        <Checkbox label={t('questions.required')} {...register(`${at}.required`)} />
        <div className="flex gap-1">
          <IconButton label={t('questions.up', number)} icon={<ChevronUpIcon />} disabled={!onUp} onClick={onUp} />
          <IconButton
            label={t('questions.down', number)}
            icon={<ChevronDownIcon />}
            disabled={!onDown}
            onClick={onDown}
          />
          <IconButton label={t('questions.remove', number)} icon={<TrashIcon />} onClick={onRemove} />
        </div>
      </div>
    </fieldset>
  )
}
