'use client'
import { useTranslations } from 'next-intl'
import type { SessionCode } from '@/lib/browser/staff-session'

/** The sentence for a refusal of the server or of the vault; `.field` for a form field's fault. */
export function useReason() {
  const errors = useTranslations('errors')
  const access = useTranslations('access')
  const reason = (code: SessionCode | string): string => {
    if (errors.has(code as 'INTERNAL')) return errors(code as 'INTERNAL')
    if (access.has(`vault.${code}` as 'vault.LOCKED')) return access(`vault.${code}` as 'vault.LOCKED')
    return errors('INTERNAL')
  }
  const field = (key: string | undefined): string => {
    const name = `field.${key ?? 'invalid'}` as 'field.invalid'
    return errors(errors.has(name) ? name : 'field.invalid')
  }
  return Object.assign(reason, { field })
}
