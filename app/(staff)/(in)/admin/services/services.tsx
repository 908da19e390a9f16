'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useLive } from '@/components/staff/use-live'
import { Button } from '@/components/ui/button'
import { Card, CardTitle, PageHeader } from '@/components/ui/card'
import { ListIcon, NoteIcon, PenIcon, PlusIcon } from '@/components/ui/icons'
import { Badge, EmptyState } from '@/components/ui/status'
import { call } from '@/lib/browser/api'
import type { ClinicSettings, ConsentTextView, ServiceView } from '@/lib/clinic/rules'
import { formatMoney } from '@/lib/money'
import { ConsentDialog } from './consent-dialog'
import { ServiceDialog } from './service-dialog'
import { Vouchers } from './vouchers'

export function Services({ start }: { start: ClinicSettings }) {
  const t = useTranslations('admin')
  const c = useTranslations('common')
  const locale = useLocale()
  const [settings, setSettings] = useState(start)
  const [editing, setEditing] = useState<ServiceView | 'new' | null>(null)
  const [text, setText] = useState<ConsentTextView | 'new' | null>(null)
  const refresh = async () => {
    const fresh = await call('clinic/settings', {})
    if (fresh.ok) setSettings(fresh.value)
  }
  useLive(() => void refresh())
  const { services, practitioners } = settings
  const texts = settings.consentTexts.filter((each) => each.active)
  const price = (service: ServiceView) =>
    service.paymentMode === 'free' || service.priceMinor === 0
      ? c('free')
      : formatMoney(service.priceMinor, service.currency, locale)
  const names = (service: ServiceView) =>
    practitioners
      .filter(({ id }) => service.practitionerIds.includes(id))
      .map(({ displayName }) => displayName)
      .join(', ')
  return (
    <>
      <PageHeader
        title={t('services.title')}
        lead={t('services.lead')}
        actions={
          <Button variant="primary" icon={<PlusIcon />} onClick={() => setEditing('new')}>
            {t('services.add')}
          </Button>
        }
      />
      {services.length === 0 ? (
        <EmptyState icon={ListIcon} title={t('services.none')}>
          {t('services.noneText')}
        </EmptyState>
      ) : (
        <Card padded={false}>
          <ul className="divide-y divide-line">
            {services.map((service) => (
              <li key={service.id} className="flex flex-wrap items-center gap-x-5 gap-y-3 px-5 py-4">
                <div className="min-w-0 flex-1 basis-64">
                  <p className="flex flex-wrap items-center gap-2.5 text-lg font-semibold">
                    <span className={service.active ? '' : 'text-soft'}>{service.name}</span>
                    {service.audience === 'anyone' ? null : (
                      <Badge tone="accent">{t(`services.audiences.${service.audience}`)}</Badge>
                    )}
                    {service.active ? null : <Badge>{t('services.inactive')}</Badge>}
                    {service.active && !service.practitionerIds.length ? (
                      <Badge tone="warning">{t('services.nobody')}</Badge>
                    ) : null}
                  </p>
                  <p className="text-sm text-soft">
                    {c('minutes', { count: service.minutes })} · {c(`way.${service.way}`)} ·{' '}
                    {service.places > 1 ? `${c('inGroup', { places: service.places })} · ` : ''}
                    {t('services.questions', { count: service.intakeForm.questions.length })}
                    {service.consentTextId ? ` · ${t('services.withConsent')}` : ''}
                  </p>
                  {names(service) ? (
                    <p className="text-sm text-soft">
                      {names(service)}
                      {service.practitionerIds.length > 1 && service.assignment !== 'choose'
                        ? ` · ${t(`services.assignments.${service.assignment}`)}`
                        : ''}
                    </p>
                  ) : null}
                </div>
                <p className="figures text-end">
                  <span className="block font-display text-xl">{price(service)}</span>
                  <span className="text-sm text-soft">{t(`services.mode.${service.paymentMode}`)}</span>
                </p>
                <Button
                  size="sm"
                  icon={<PenIcon size={18} />}
                  aria-label={t('services.editFor', { name: service.name })}
                  onClick={() => setEditing(service)}
                >
                  {c('edit')}
                </Button>
              </li>
            ))}
          </ul>
        </Card>
      )}
      <Card className="mt-6">
        <CardTitle
          actions={
            <Button size="sm" icon={<PlusIcon size={18} />} onClick={() => setText('new')}>
              {t('consent.add')}
            </Button>
          }
        >
          {t('consent.title')}
        </CardTitle>
        <p className="-mt-2 mb-4 max-w-prose text-soft">{t('consent.lead')}</p>
        {texts.length === 0 ? (
          <EmptyState icon={NoteIcon} title={t('consent.none')} />
        ) : (
          <ul className="divide-y divide-line">
            {texts.map((each) => (
              <li key={each.id} className="flex flex-wrap items-center justify-between gap-3 py-3">
                <div className="min-w-0">
                  <p className="font-semibold">{each.title}</p>
                  <p className="text-sm text-soft">
                    {t('consent.version', { version: each.version, locale: each.locale.toUpperCase() })}
                  </p>
                </div>
                <Button
                  size="sm"
                  icon={<PenIcon size={18} />}
                  aria-label={t('consent.newVersionOf', { title: each.title })}
                  onClick={() => setText(each)}
                >
                  {t('consent.newVersion')}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Vouchers services={services} clinic={settings.clinic.name} />
      <ServiceDialog service={editing} settings={settings} onClose={() => setEditing(null)} onDone={refresh} />
      <ConsentDialog text={text} onClose={() => setText(null)} onDone={refresh} />
    </>
  )
}
