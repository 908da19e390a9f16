'use client'
import { useTranslations } from 'next-intl'
import { useFormContext, type FieldPath } from 'react-hook-form'
import type { Values } from './values'

/** The sentence for what is wrong with a field of this form, if anything is. */
export function useFieldError() {
  const t = useTranslations('errors.field')
  const { getFieldState, formState } = useFormContext<Values>()
  return (name: FieldPath<Values>): string | undefined => {
    const key = getFieldState(name, formState).error?.message
    if (!key) return undefined
    return t((t.has(key as 'required') ? key : 'invalid') as 'required')
  }
}
