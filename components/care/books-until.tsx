'use client'
import { useTranslations } from 'next-intl'
import { endsAt, guardianAgeOf, isRelation, roleOf } from '@/lib/care/rules'
import { useCareWords } from './words'

/** Told to who books for somebody under age, before they do: until which birthday they open what is written here. */
export function BooksUntil({ relation, birthDate, age }: { relation: string; birthDate: string; age: number }) {
  const t = useTranslations('care')
  const words = useCareWords()
  const at = /^\d{4}-\d\d-\d\d$/.test(birthDate) ? Date.parse(birthDate) : NaN
  if (!isRelation(relation) || Number.isNaN(at)) return null
  const { end } = roleOf({ relation, birthDate, guardianAge: guardianAgeOf(age) }, new Date())
  if (!endsAt(end)) return null
  return (
    <p className="text-soft" role="status">
      {t('booksUntil', { end: words.end(end) })}
    </p>
  )
}
