'use client'
import { useTranslations } from 'next-intl'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { RadioGroup } from '@/components/ui/choice'
import { Select, TextField } from '@/components/ui/text-field'
import type { CareTermsInput } from '@/lib/browser/vault-care-api'
import { ages, birthdayOf, parental, relations, type Relation } from '@/lib/care/rules'
import { addDays } from '@/lib/time'
import { useCareWords } from './words'

interface Props {
  /** Who is helped, where it is a child. */
  child: { name: string; birthDate: string } | null
  birthDate: string | null
  /** The birthday at which a guardian's access ends, as the clinic set it. */
  guardianAge: number
  onCancel: () => void
  onTerms: (terms: CareTermsInput) => void
}

const today = () => new Date().toISOString().slice(0, 10)

/** Who, as what, until when: asked before the other person takes their phone out. */
export function CarerForm({ child, birthDate, guardianAge, onCancel, onTerms }: Props) {
  const t = useTranslations('care')
  const errors = useTranslations('errors.field')
  const words = useCareWords()
  const [name, setName] = useState('')
  const [relation, setRelation] = useState<Relation | ''>('')
  const [until, setUntil] = useState('open')
  const [lastDay, setLastDay] = useState('')
  const [shown, setShown] = useState(false)
  // Who speaks for a child does so until it is grown up: no other end is asked for.
  const isGuardian = child !== null && relation !== '' && parental.includes(relation)
  const birthdays = birthDate
    ? [...new Set([guardianAge, ...ages])]
        .sort()
        .map((age) => ({ age, on: birthdayOf(birthDate, age) }))
        .filter(({ on }) => on > today())
    : []
  const faults = {
    name: name.trim() ? '' : errors('required'),
    relation: relation ? '' : errors('required'),
    date: isGuardian || until !== 'date' || lastDay >= today() ? '' : errors('date'),
  }
  function submit(event: FormEvent) {
    event.preventDefault()
    setShown(true)
    if (faults.name || faults.relation || faults.date || !relation) return
    const given = { name: name.trim(), relation }
    const birthday = birthdays.find(({ age }) => `${age}` === until)
    if (isGuardian)
      return onTerms({
        ...given,
        role: 'guardian',
        end: { kind: 'age', age: guardianAge, on: birthdayOf(child.birthDate, guardianAge) },
      })
    const end =
      until === 'date'
        ? ({ kind: 'date', on: addDays(lastDay, 1) } as const)
        : birthday
          ? ({ kind: 'age', ...birthday } as const)
          : ({ kind: 'open' } as const)
    onTerms({ ...given, role: 'carer', end })
  }
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-5">
      <TextField
        label={t('form.name')}
        value={name}
        maxLength={120}
        autoComplete="off"
        error={shown && faults.name ? faults.name : undefined}
        onChange={(event) => setName(event.target.value)}
      />
      <Select
        label={child ? t('form.relationChild', { name: child.name }) : t('form.relation')}
        placeholder={t('form.choose')}
        value={relation}
        options={relations.map((value) => ({ value, label: t(`relations.${value}`) }))}
        error={shown && faults.relation ? faults.relation : undefined}
        onChange={(event) => setRelation(event.target.value as Relation)}
      />
      {isGuardian ? (
        <p>
          {words.end({ kind: 'age', age: guardianAge, on: birthdayOf(child.birthDate, guardianAge) })}.{' '}
          {t('form.ward', { name: child.name })}
        </p>
      ) : (
        <RadioGroup
          label={t('form.until')}
          name="until"
          value={until}
          onChange={(event) => setUntil(event.target.value)}
          options={[
            { value: 'open', label: t('form.untilOpen') },
            { value: 'date', label: t('form.untilDate') },
            ...birthdays.map(({ age }) => ({ value: `${age}`, label: t('form.untilAge', { age }) })),
          ]}
        />
      )}
      {until === 'date' && !isGuardian ? (
        <TextField
          label={t('form.date')}
          type="date"
          min={today()}
          value={lastDay}
          error={shown && faults.date ? faults.date : undefined}
          onChange={(event) => setLastDay(event.target.value)}
        />
      ) : null}
      <p className="text-soft">{t('form.note')}</p>
      <div className="flex flex-wrap gap-2.5">
        <Button type="submit" variant="primary">
          {t('form.go')}
        </Button>
        <Button onClick={onCancel}>{t('form.cancel')}</Button>
      </div>
    </form>
  )
}
