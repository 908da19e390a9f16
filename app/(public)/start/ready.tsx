'use client'
import { useTranslations } from 'next-intl'
import { BookingLink } from '@/components/staff/booking-link'
import { LinkButton } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { ArrowRightIcon, ShieldIcon, UsersIcon } from '@/components/ui/icons'
import type { DetailsForm } from './details'
import type { OpenedClinic } from './open-clinic'

export function Ready({ details, opened }: { details: DetailsForm; opened: OpenedClinic }) {
  const t = useTranslations('onboarding')
  const { slug, rootFingerprint } = opened
  return (
    <div className="flex flex-col gap-6">
      <Card>
        <CardTitle>{t('readyTitle', { clinic: details.clinic.name })}</CardTitle>
        <p className="-mt-2 mb-6 text-soft">{t('readyLead')}</p>
        <BookingLink
          origin={location.origin}
          slug={slug}
          clinic={details.clinic.name}
          rootFingerprint={rootFingerprint}
        />
      </Card>
      <Card className="flex flex-wrap items-center justify-between gap-4">
        <div className="min-w-0 flex-1 basis-72">
          <h3 className="text-lg">{t('kitsTitle')}</h3>
          <p className="text-soft">{t('kitsText')}</p>
        </div>
        <LinkButton href="/account" icon={<ShieldIcon />}>
          {t('kits')}
        </LinkButton>
      </Card>
      <Card className="flex flex-wrap items-center justify-between gap-4">
        <div>
          <h3 className="text-lg">{t('inviteTitle')}</h3>
          <p className="text-soft">{t('inviteText')}</p>
        </div>
        <LinkButton href="/admin/staff" icon={<UsersIcon />}>
          {t('invite')}
        </LinkButton>
      </Card>
      <div className="flex flex-wrap gap-3">
        <LinkButton href="/today" variant="primary" size="lg" icon={<ArrowRightIcon />}>
          {t('today')}
        </LinkButton>
        <LinkButton href={`/c/${slug}#k=${rootFingerprint}`} size="lg">
          {t('tryBooking')}
        </LinkButton>
      </div>
    </div>
  )
}
