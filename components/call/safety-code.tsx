'use client'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { CodeWords } from '@/components/ui/code-words'

/** Eight digits that both sides see. Each half is read as one part. */
export function SafetyCode({ code, name, children }: { code: string; name: string; children?: ReactNode }) {
  const t = useTranslations('call.code')
  return (
    <div data-call="safety-code" data-code={code}>
      <CodeWords label={t('title')} parts={code.split(' ')} hint={t('explain', { name })} />
      {children}
    </div>
  )
}
