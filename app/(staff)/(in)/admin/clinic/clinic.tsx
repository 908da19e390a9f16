'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useForm } from 'react-hook-form'
import type { z } from 'zod'
import { BookingLink } from '@/components/staff/booking-link'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle, PageHeader } from '@/components/ui/card'
import { CopyField } from '@/components/ui/copy-field'
import { PrintIcon } from '@/components/ui/icons'
import { Banner } from '@/components/ui/status'
import { Select, TextArea, TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import { type ClinicProfile, ProfileForm } from '@/lib/clinic/rules'
import { widgetLine } from '@/lib/clinic/widget'
import type { Legal } from '@/lib/invoice/rules'
import type { MoneyRoutes } from '@/lib/merchant/rules'
import type { ReminderSettings } from '@/lib/reminder/rules'
import { Cancellation } from './cancellation'
import { LegalWords } from './legal'
import { Payments } from './payments'
import { Reminders } from './reminders'

interface Props {
  start: ClinicProfile
  legal: Legal
  payments: MoneyRoutes
  reminders: ReminderSettings
}

export function ClinicPage({ start, legal, payments, reminders }: Props) {
  const t = useTranslations('admin')
  const c = useTranslations('common')
  const { chain } = useStaff()
  // The chain's root, not the database's word for it: this goes on paper.
  const { rootFingerprint } = chain
  return (
    <>
      <PageHeader title={t('clinic.title')} />
      <div className="flex flex-col gap-6">
        {start.rootFingerprint && start.rootFingerprint !== rootFingerprint ? (
          <Banner tone="danger" title={t('clinic.rootSwapped')} announce>
            {t('clinic.rootSwappedText')}
          </Banner>
        ) : null}
        <Card>
          <CardTitle
            actions={
              <Button size="sm" icon={<PrintIcon size={18} />} onClick={() => print()}>
                {t('clinic.print')}
              </Button>
            }
          >
            {t('clinic.link')}
          </CardTitle>
          <p className="-mt-2 mb-5 max-w-prose text-soft">{t('clinic.linkText')}</p>
          <BookingLink
            origin={location.origin}
            slug={start.slug}
            clinic={start.name}
            rootFingerprint={rootFingerprint}
          />
        </Card>
        <Card>
          <CardTitle>{t('clinic.widget')}</CardTitle>
          <p className="-mt-2 mb-5 max-w-prose text-soft">{t('clinic.widgetText')}</p>
          <CopyField
            label={t('clinic.widgetLine')}
            hint={t('clinic.widgetHint')}
            value={widgetLine({ origin: location.origin, slug: start.slug, rootFingerprint })}
            copyLabel={c('copy')}
            copiedLabel={c('copied')}
          />
        </Card>
        <Payments start={payments} clinic={start} />
        <Cancellation start={start.cancellation} currency={start.currency} />
        <LegalWords start={legal} clinic={start.name} />
        <Reminders start={reminders} />
        <Profile clinic={start} />
      </div>
    </>
  )
}

function Profile({ clinic }: { clinic: ClinicProfile }) {
  const t = useTranslations('admin')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const form = useForm<z.input<typeof ProfileForm>, unknown, z.output<typeof ProfileForm>>({
    resolver: zodResolver(ProfileForm),
    defaultValues: { ...clinic, locale: clinic.locale === 'fr' ? 'fr' : 'en' },
  })
  const { register, formState } = form
  const { errors, isSubmitting } = formState
  const text = (name: keyof typeof errors & keyof z.input<typeof ProfileForm>) =>
    errors[name] && reason.field(errors[name].message)
  const number = (
    name: 'earlyJoinMinutes' | 'graceMinutes' | 'holdMinutes' | 'minNoticeMinutes' | 'horizonDays',
    unit: string,
  ) => (
    <TextField
      label={t(`profile.${name}`)}
      hint={t(`profile.${name}Hint`)}
      inputMode="numeric"
      after={unit}
      error={text(name)}
      {...register(name)}
    />
  )
  const save = form.handleSubmit(async (typed) => {
    const answer = await call('clinic/save-profile', typed)
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(c('saved'), 'success')
  })
  // Browsers list one zone by different names: the clinic's own is always among them.
  const zones = [...new Set([clinic.timeZone, ...Intl.supportedValuesOf('timeZone'), 'UTC'])].map((value) => ({
    value,
    label: value.replaceAll('_', ' '),
  }))
  return (
    <Card>
      <CardTitle>{t('profile.title')}</CardTitle>
      <form onSubmit={save} noValidate className="flex flex-col gap-5">
        <TextField label={t('profile.name')} error={text('name')} {...register('name')} />
        <TextArea label={t('profile.about')} rows={3} error={text('about')} {...register('about')} />
        <div className="grid gap-5 sm:grid-cols-2">
          <TextField label={t('profile.phone')} type="tel" error={text('phone')} {...register('phone')} />
          <TextField label={t('profile.address')} error={text('address')} {...register('address')} />
          <Select label={t('profile.timeZone')} options={zones} error={text('timeZone')} {...register('timeZone')} />
          <Select
            label={c('language')}
            options={[
              { value: 'en', label: 'English' },
              { value: 'fr', label: 'Français' },
            ]}
            {...register('locale')}
          />
        </div>
        <h3 className="mt-2 text-lg">{t('profile.rules')}</h3>
        <div className="grid gap-5 sm:grid-cols-2 2xl:grid-cols-3">
          {number('minNoticeMinutes', 'min')}
          {number('horizonDays', t('profile.days'))}
          {number('holdMinutes', 'min')}
          {number('earlyJoinMinutes', 'min')}
          {number('graceMinutes', 'min')}
        </div>
        <div>
          <Button type="submit" variant="primary" busy={isSubmitting}>
            {c('save')}
          </Button>
        </div>
      </form>
    </Card>
  )
}
