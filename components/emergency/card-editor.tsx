'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/choice'
import { FieldGroup } from '@/components/ui/field'
import { Banner } from '@/components/ui/status'
import { TextArea, TextField } from '@/components/ui/text-field'
import { useBusy } from '@/components/ui/use-busy'
import { makeCard } from '@/lib/browser/emergency-card'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { CardForm, emptyCard, isEmptyCard } from '@/lib/emergency/rules'
import { dateLocale } from '@/lib/time'

interface Props {
  own: OwnChart
  start: CardForm | null
  onDone: () => void
  onCancel: () => void
}

const areas = ['allergies', 'conditions', 'medicines', 'contacts', 'notes'] as const

/** Medicines that were prescribed here and still are: theirs to put on the card, one by one. */
const medicinesOf = (own: OwnChart): string[] => {
  const live = own.prescriptions.filter((rx) => rx.author.vouched && rx.status !== 'cancelled')
  return [...new Set(live.flatMap((rx) => rx.content.items.map((item) => `${item.medicine} ${item.dose}`)))].slice(-8)
}

export function CardEditor({ own, start, onDone, onCancel }: Props) {
  const t = useTranslations('emergency')
  const errors = useTranslations('errors')
  const locale = useLocale()
  const [form, setForm] = useState<CardForm>(() => ({ ...emptyCard, name: own.identity?.name ?? '', ...start }))
  const [faults, setFaults] = useState<Partial<Record<keyof CardForm, string>>>({})
  const [problem, setProblem] = useState('')
  const put = (key: keyof CardForm, value: string) => setForm((was) => ({ ...was, [key]: value }))
  const listed = form.medicines.split('\n').filter(Boolean)
  const toggle = (medicine: string, on: boolean) =>
    put('medicines', (on ? [...listed, medicine] : listed.filter((each) => each !== medicine)).join('\n'))

  const [save, saving] = useBusy(async () => {
    const checked = CardForm.safeParse(form)
    setFaults(
      checked.success ? {} : Object.fromEntries(checked.error.issues.map((each) => [each.path[0], each.message])),
    )
    if (!checked.success) return setProblem(t('edit.check'))
    if (isEmptyCard(checked.data)) return setProblem(t('edit.empty'))
    setProblem('')
    const answer = await makeCard(own.patient, checked.data)
    if (answer.ok) onDone()
    else setProblem(errors(answer.code))
  })
  const fault = (key: keyof CardForm) => faults[key] && errors(`field.${faults[key] as 'tooLong'}`)
  const born = own.identity?.birthDate
  const medicines = medicinesOf(own)
  return (
    <form
      className="flex flex-col gap-5"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <p className="text-soft">{t('edit.lead')}</p>
      <TextField
        label={t('edit.name')}
        hint={t('edit.nameHint')}
        value={form.name}
        error={fault('name')}
        autoComplete="off"
        onChange={(event) => put('name', event.target.value)}
      />
      {born ? (
        <Checkbox
          label={t('edit.birthDate', {
            date: new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'long', timeZone: 'UTC' }).format(
              new Date(`${born}T12:00:00Z`),
            ),
          })}
          checked={form.birthDate === born}
          onChange={(event) => put('birthDate', event.target.checked ? born : '')}
        />
      ) : null}
      <TextField
        label={t('line.blood')}
        optional={t('edit.optional')}
        className="max-w-40"
        value={form.blood}
        error={fault('blood')}
        autoComplete="off"
        onChange={(event) => put('blood', event.target.value)}
      />
      {medicines.length ? (
        <FieldGroup label={t('edit.fromRecords')}>
          {() =>
            medicines.map((medicine) => (
              <Checkbox
                key={medicine}
                label={medicine}
                checked={listed.includes(medicine)}
                onChange={(event) => toggle(medicine, event.target.checked)}
              />
            ))
          }
        </FieldGroup>
      ) : null}
      {areas.map((key) => (
        <TextArea
          key={key}
          rows={2}
          label={t(`line.${key}`)}
          optional={t('edit.optional')}
          hint={key === 'contacts' ? t('edit.contactsHint') : undefined}
          value={form[key]}
          error={fault(key)}
          onChange={(event) => put(key, event.target.value)}
        />
      ))}
      <Banner tone="info">{t('edit.anyone')}</Banner>
      {problem ? (
        <Banner tone="danger" announce>
          {problem}
        </Banner>
      ) : null}
      <div className="flex flex-wrap gap-2.5">
        <Button type="submit" variant="primary" busy={saving}>
          {t(start ? 'edit.replace' : 'edit.save')}
        </Button>
        <Button onClick={onCancel}>{t('edit.cancel')}</Button>
      </div>
    </form>
  )
}
