'use client'
import { useTranslations } from 'next-intl'
import { useEffect } from 'react'

/** Parts of the page by the id that a link names; each in the order in which it stands there. */
const parts = {
  devices: 'devices',
  keep: 'keep',
  helpers: 'helpers',
  card: 'emergency-card',
  looked: 'who-looked',
  data: 'download',
  erasure: 'erasure',
} as const
type Part = keyof typeof parts

/** The way to each part of a long page. A link from elsewhere finds its part as well, which was not there when the page came. */
export function Contents({ without = [] }: { without?: Part[] }) {
  const t = useTranslations('devices.contents')
  useEffect(() => {
    const id = location.hash.slice(1)
    if (Object.values<string>(parts).includes(id)) document.getElementById(id)?.scrollIntoView()
  }, [])
  return (
    <nav aria-label={t('label')}>
      <ul className="flex flex-wrap gap-2">
        {(Object.keys(parts) as Part[])
          .filter((part) => !without.includes(part))
          .map((part) => (
            <li key={part}>
              <a
                href={`#${parts[part]}`}
                className="inline-flex min-h-11 items-center rounded-full border border-line bg-surface px-4 font-semibold no-underline hover:border-accent"
              >
                {t(part)}
              </a>
            </li>
          ))}
      </ul>
    </nav>
  )
}
