'use client'
import { useTranslations } from 'next-intl'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { RadioGroup } from '@/components/ui/choice'
import { Banner } from '@/components/ui/status'
import { Select, TextField } from '@/components/ui/text-field'
import { useBusy } from '@/components/ui/use-busy'
import { sayWhoBooked, type Visit } from '@/lib/browser/care'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { guardianAgeOf, type Relation, relations, roleOf } from '@/lib/care/rules'
import { useCareWords } from './words'

interface Props {
  own: OwnChart
  visit: Visit
  /** It is the patient's own. */
  onOwn: () => void
  /** It is a helper's, and was said to be. */
  onSaid: () => void
}

/** A minor's records were opened here by the clinic: whose device it is, it does not know. What a parent says ends on the birthday. */
export function WhoseDevice({ own, visit, onOwn, onSaid }: Props) {
  const t = useTranslations('care.whose')
  const care = useTranslations('care')
  const errors = useTranslations('errors')
  const words = useCareWords()
  const { name: child, birthDate } = own.identity!
  const [whose, setWhose] = useState<'' | 'own' | 'mine'>('')
  const [name, setName] = useState('')
  const [relation, setRelation] = useState<Relation | ''>('')
  const [shown, setShown] = useState(false)
  const [problem, setProblem] = useState('')
  const required = errors('field.required')
  const terms = relation
    ? roleOf({ relation, birthDate, guardianAge: guardianAgeOf(own.chart.guardianAge) }, new Date())
    : null
  const [say, saying] = useBusy(async () => {
    setShown(true)
    if (whose === 'own') return onOwn()
    if (!whose || !name.trim() || !relation || !terms) return
    const said = await sayWhoBooked(own.patient, { ...terms, relation, name: name.trim() }, visit)
    setProblem(said ? '' : t('failed'))
    if (said) onSaid()
  })
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <form
        noValidate
        className="flex flex-col gap-5"
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          void say()
        }}
      >
        <p className="text-soft">{t('lead', { name: child })}</p>
        <RadioGroup
          name="whose"
          label={t('title')}
          hideLabel
          look="cards"
          value={whose}
          error={shown && !whose ? required : undefined}
          onChange={(event) => setWhose(event.target.value as 'own' | 'mine')}
          options={[
            { value: 'own', label: t('own', { name: child }) },
            { value: 'mine', label: t('mine'), hint: t('mineHint', { name: child }) },
          ]}
        />
        {whose === 'mine' ? (
          <>
            <TextField
              label={t('name')}
              autoComplete="name"
              maxLength={120}
              value={name}
              error={shown && !name.trim() ? required : undefined}
              onChange={(event) => setName(event.target.value)}
            />
            <Select
              label={t('relation', { name: child })}
              placeholder={care('form.choose')}
              value={relation}
              options={relations.map((value) => ({ value, label: care(`relations.${value}`) }))}
              error={shown && !relation ? required : undefined}
              onChange={(event) => setRelation(event.target.value as Relation)}
            />
            {terms ? <p>{care('booksUntil', { end: words.end(terms.end) })}</p> : null}
            {own.care.some(({ state }) => state === 'holds') ? <p>{t('lost')}</p> : null}
          </>
        ) : null}
        {problem ? (
          <Banner tone="danger" announce>
            {problem}
          </Banner>
        ) : null}
        <Button type="submit" variant="primary" className="self-start" busy={saying}>
          {t('go')}
        </Button>
      </form>
    </Card>
  )
}
