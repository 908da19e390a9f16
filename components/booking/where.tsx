import { useTranslations } from 'next-intl'
import type { Way } from '@/lib/clinic/rules'
import type { SiteView } from '@/lib/site/rules'

/** How a visit takes place, and where: at its site, else at the clinic's own address. */
export function Where({
  way,
  site,
  clinic,
}: {
  way: Way
  site: SiteView | null | undefined
  clinic: { name: string; address: string }
}) {
  const c = useTranslations('common')
  const at = site ?? clinic
  const place = way === 'in_person' ? [at.name, at.address].filter(Boolean).join(', ') : site?.name
  return (
    <>
      {c(`way.${way}`)}
      {place ? <span className="block text-sm font-normal text-soft">{place}</span> : null}
    </>
  )
}
