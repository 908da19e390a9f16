'use client'
import { useTranslations } from 'next-intl'
import { Banner } from '@/components/ui/status'
import type { Failed } from './use-opened'
import { useReason } from './use-reason'

/** Records that are there and did not open, each with its reason: never passed over in silence. */
export function NotShown({ failed }: { failed: readonly Failed[] }) {
  const t = useTranslations('encounter')
  const reason = useReason()
  if (!failed.length) return null
  return (
    <Banner tone="danger" title={t('failedTitle', { count: failed.length })} announce className="mb-5">
      <ul className="list-disc ps-5">
        {failed.map((each, index) => (
          <li key={index}>
            {t(`type.${each.type as 'note'}`)}: {reason(each.code)}
          </li>
        ))}
      </ul>
    </Banner>
  )
}
