import { useTranslations } from 'next-intl'
import type { SiteView } from '@/lib/site/rules'

/** Where a visit is, for a clinic that has several places. */
export function Where({ site }: { site: SiteView | null | undefined }) {
  const t = useTranslations('sites')
  if (!site) return t('video')
  return (
    <>
      {site.name}
      {site.address ? <span className="block text-sm font-normal text-soft">{site.address}</span> : null}
    </>
  )
}
