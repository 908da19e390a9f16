import { useTranslations } from 'next-intl'
import type { AuditDetail } from '@/lib/crypto/audit'

/** What an entry says was done, in words; `null` for an action that has none yet. With `names`, also to which colleague. */
export function useWords() {
  const t = useTranslations('audit')
  const has = (key: string) => t.has(key as 'title')
  const say = (key: string) => t(key as 'title')
  return (detail: AuditDetail, names?: ReadonlyMap<string, string>): string | null => {
    const key = `action.${detail.action.replaceAll('.', '_')}`
    if (detail.refused || !has(key)) return null
    const types = [...new Set(detail.records.map((record) => record.type))]
    const named = types.map((type) => (has(`type.${type}`) ? say(`type.${type}`) : type))
    if (named.length) return t('records', { what: say(key), types: named.join(', ') })
    const name = detail.subjectId === detail.actor.id ? undefined : names?.get(detail.subjectId ?? '')
    return name ? t('about', { what: say(key), name }) : say(key)
  }
}
