'use client'
import { useTranslations } from 'next-intl'
import { Controller, type Control, useWatch } from 'react-hook-form'
import { Checkbox, RadioGroup } from '@/components/ui/choice'
import { DateField } from '@/components/ui/date-field'
import { FieldGroup } from '@/components/ui/field'
import { TextArea, TextField } from '@/components/ui/text-field'
import { isAsked, type Answer, type Answers, type IntakeForm, type Question } from '@/lib/intake/rules'

interface AnyAnswers {
  answers: Answers
}

/** The clinic's questions, those that the answers so far call for. Fields are named `answers.<id>`. */
export function IntakeFields({ form, control }: { form: IntakeForm; control: Control<AnyAnswers> }) {
  const answers = (useWatch({ control, name: 'answers' }) ?? {}) as Answers
  return (
    <div className="flex flex-col gap-6">
      {form.questions
        .filter((question) => isAsked(question, answers))
        .map((question) => (
          <Controller
            key={question.id}
            control={control}
            name={`answers.${question.id}` as 'answers'}
            render={({ field, fieldState }) => (
              <QuestionField
                question={question}
                fault={fieldState.error?.message}
                {...field}
                value={((field.value as unknown) ?? null) as Answer}
              />
            )}
          />
        ))}
    </div>
  )
}

interface FieldProps {
  question: Question
  fault: string | undefined
  name: string
  value: Answer
  onChange: (value: Answer) => void
  onBlur: () => void
  ref: React.Ref<never>
}

function QuestionField({ question, fault, name, value, onChange, onBlur, ref }: FieldProps) {
  const t = useTranslations('booking.questions')
  const common = useTranslations('common')
  const errors = useTranslations('errors.field')
  const error = fault ? errors((errors.has(fault as 'required') ? fault : 'invalid') as 'required') : undefined
  const text = {
    label: question.label,
    hint: question.help,
    optional: question.required ? undefined : common('optional'),
    error,
  }
  const typed = String(value ?? '')
  const shared = { name, onBlur, ref: ref as never }
  switch (question.kind) {
    case 'long':
      return (
        <TextArea
          {...text}
          {...shared}
          value={typed}
          maxLength={5000}
          onChange={(event) => onChange(event.target.value)}
        />
      )
    case 'yesno':
      return (
        <RadioGroup
          {...text}
          {...shared}
          look="row"
          value={value === null ? '' : value ? 'yes' : 'no'}
          options={[
            { value: 'yes', label: t('yes') },
            { value: 'no', label: t('no') },
          ]}
          onChange={(event) => onChange(event.target.value === 'yes')}
        />
      )
    case 'choice':
      return (
        <RadioGroup
          {...text}
          {...shared}
          look="cards"
          value={typed}
          options={(question.options ?? []).map((option) => ({ value: option.id, label: option.label }))}
          onChange={(event) => onChange(event.target.value)}
        />
      )
    case 'multi': {
      const chosen = Array.isArray(value) ? value : []
      return (
        <FieldGroup {...text}>
          {() => (
            <div>
              {(question.options ?? []).map((option) => (
                <Checkbox
                  key={option.id}
                  name={`${name}.${option.id}`}
                  label={option.label}
                  checked={chosen.includes(option.id)}
                  onBlur={onBlur}
                  onChange={(event) =>
                    onChange(
                      event.target.checked ? [...chosen, option.id] : chosen.filter((each) => each !== option.id),
                    )
                  }
                />
              ))}
            </div>
          )}
        </FieldGroup>
      )
    }
    case 'scale': {
      const min = question.min ?? 0
      const max = question.max ?? 10
      return (
        <RadioGroup
          {...text}
          {...shared}
          look="row"
          value={typed}
          options={Array.from({ length: max - min + 1 }, (_, index) => ({
            value: String(min + index),
            label: String(min + index),
          }))}
          onChange={(event) => onChange(Number(event.target.value))}
        />
      )
    }
    case 'date':
      return (
        <DateField
          {...text}
          {...shared}
          parts={{ day: common('day'), month: common('month'), year: common('year') }}
          value={typed}
          onChange={(iso) => onChange(iso || null)}
        />
      )
    case 'number':
      return (
        <TextField
          {...text}
          {...shared}
          inputMode="decimal"
          value={typed}
          onChange={(event) => onChange(event.target.value === '' ? null : event.target.value.replace(',', '.'))}
        />
      )
    default:
      return (
        <TextField
          {...text}
          {...shared}
          value={typed}
          maxLength={300}
          onChange={(event) => onChange(event.target.value)}
        />
      )
  }
}
