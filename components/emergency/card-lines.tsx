'use client'
import { useLocale, useTranslations } from 'next-intl'
import type { CardForm } from '@/lib/emergency/rules'
import { phonesIn } from '@/lib/emergency/phones'
import { dateLocale } from '@/lib/time'

/** In the order that somebody who helps reads: what must not be given, first. */
const cardOrder = [
  'allergies',
  'conditions',
  'medicines',
  'blood',
  'birthDate',
  'contacts',
  'notes',
] as const satisfies readonly (keyof CardForm)[]

export function CardLines({ content }: { content: CardForm }) {
  const t = useTranslations('emergency')
  const locale = useLocale()
  const said = (key: (typeof cardOrder)[number]) =>
    key === 'birthDate' && content.birthDate
      ? new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'long', timeZone: 'UTC' }).format(
          new Date(`${content.birthDate}T12:00:00Z`),
        )
      : content[key]
  return (
    <dl className="divide-y divide-line rounded-card border border-line bg-surface px-5">
      {cardOrder
        .filter((key) => content[key])
        .map((key) => (
          <div key={key} className="py-4">
            <dt className="text-sm font-semibold text-soft">{t(`line.${key}`)}</dt>
            <dd className="text-lg break-words whitespace-pre-line">
              {key === 'contacts'
                ? phonesIn(content.contacts).map(({ text, dial }, index) =>
                    dial ? (
                      <a key={index} href={`tel:${dial}`} className="inline-block py-1 text-accent underline">
                        {text}
                      </a>
                    ) : (
                      text
                    ),
                  )
                : said(key)}
            </dd>
          </div>
        ))}
    </dl>
  )
}
