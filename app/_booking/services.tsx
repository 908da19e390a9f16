import { getTranslations } from 'next-intl/server'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { CalendarIcon, ClockIcon } from '@/components/ui/icons'
import { Avatar } from '@/components/ui/progress'
import { Badge, EmptyState } from '@/components/ui/status'
import type { ClinicPage } from '@/lib/clinic/flow'
import { inOrderFor, type ServiceView } from '@/lib/clinic/rules'
import { formatMoney, formatRate } from '@/lib/money'
import { partOfPrice } from '@/lib/price/rules'

export async function Services({
  page,
  locale,
  recall,
  hasBeen,
}: {
  page: ClinicPage
  locale: string
  recall: string | undefined
  hasBeen: boolean
}) {
  const t = await getTranslations('booking')
  const { clinic, services, practitioners } = page
  const seen = practitioners.filter((each) => services.some((service) => service.practitionerIds.includes(each.id)))
  return (
    <div className="grid gap-10 lg:grid-cols-[3fr_2fr]">
      <section aria-labelledby="services">
        <h2 id="services" className="mb-4 text-xl">
          {t('chooseService')}
        </h2>
        <ServiceList page={page} locale={locale} hasBeen={hasBeen} carry={recall ? { recall } : {}} />
      </section>
      <section aria-labelledby="people">
        <h2 id="people" className="mb-4 text-xl">
          {t('practitioners')}
        </h2>
        <ul className="flex flex-col gap-5">
          {seen.map((person) => (
            <li key={person.id} className="flex gap-4">
              <Avatar name={person.displayName} />
              <div>
                <p className="font-semibold">{person.displayName}</p>
                {person.title ? <p className="text-sm text-soft">{person.title}</p> : null}
                {person.bio ? <p className="mt-1 text-sm">{person.bio}</p> : null}
              </div>
            </li>
          ))}
        </ul>
        {clinic.address || clinic.phone ? (
          <address className="mt-6 border-t border-line pt-4 text-sm text-soft not-italic">
            {clinic.address}
            {clinic.phone ? (
              <>
                <br />
                <a className="figures underline underline-offset-3" href={`tel:${clinic.phone.replace(/[^+\d]/g, '')}`}>
                  {clinic.phone}
                </a>
              </>
            ) : null}
          </address>
        ) : null}
      </section>
    </div>
  )
}

/** What can be booked. `carry`: goes along in each link. */
export async function ServiceList({
  page: { clinic, services },
  locale,
  hasBeen = false,
  carry,
}: {
  page: ClinicPage
  locale: string
  /** Whether this browser has booked here: what is for it comes first. */
  hasBeen?: boolean
  carry: Record<string, string>
}) {
  const t = await getTranslations('booking')
  const common = await getTranslations('common')
  const audience = await getTranslations('audience')
  return services.length === 0 ? (
    <EmptyState icon={CalendarIcon} title={t('noServices')}>
      {t('noServicesText')} {clinic.phone}
    </EmptyState>
  ) : (
    <ul className="flex flex-col gap-3">
      {inOrderFor(services, hasBeen).map((service) => (
        <li key={service.id}>
          <Card className="flex flex-wrap items-center justify-between gap-4">
            <div className="min-w-0 flex-1 basis-56">
              <h3 className="text-lg">{service.name}</h3>
              {service.audience === 'anyone' ? null : (
                <p className="my-1 flex flex-wrap items-center gap-x-2.5 gap-y-1 text-sm text-soft">
                  <Badge tone="accent">{audience(service.audience)}</Badge>
                  {audience(service.audience === 'follow_up' ? 'followUp.title' : 'firstVisit.title')}
                </p>
              )}
              {service.description ? <p className="text-soft">{service.description}</p> : null}
              <p className="figures mt-1.5 flex flex-wrap items-center gap-x-4 text-sm text-soft">
                <span className="inline-flex items-center gap-1.5">
                  <ClockIcon size={16} />
                  {common('minutes', { count: service.minutes })}
                </span>
                <span>{common(`way.${service.way}`)}</span>
                {service.places > 1 ? <span>{common('inGroup', { places: service.places })}</span> : null}
                <span className="font-semibold text-ink">{priceOf(service, locale, t)}</span>
              </p>
            </div>
            <LinkButton
              variant="primary"
              className="max-sm:w-full"
              aria-label={t('bookService', { service: service.name })}
              href={`?${new URLSearchParams({ service: service.id, ...carry })}`}
            >
              {t('book')}
            </LinkButton>
          </Card>
        </li>
      ))}
    </ul>
  )
}

type Words = Awaited<ReturnType<typeof getTranslations<'booking'>>>

export function priceOf(
  service: Pick<ServiceView, 'paymentMode' | 'priceMinor' | 'currency' | 'taxRate' | 'deposit'>,
  locale: string,
  t: Words,
): string {
  if (service.paymentMode === 'free' || service.priceMinor === 0) return t('free')
  const amount = formatMoney(service.priceMinor, service.currency, locale)
  const price = service.taxRate > 0 ? t('withTax', { amount, rate: formatRate(service.taxRate, locale) }) : amount
  if (service.paymentMode === 'deposit') {
    const { priceMinor, currency } = service
    const minor = partOfPrice(priceMinor, currency, service.deposit)
    // A part that is all of it, or that no card can be charged, is none.
    if (minor > 0 && minor < priceMinor) return t('deposit', { price, deposit: formatMoney(minor, currency, locale) })
    return minor === 0 ? t('later', { price }) : price
  }
  return service.paymentMode === 'later' ? t('later', { price }) : price
}
