'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useFormatter, useTranslations } from 'next-intl'
import { useForm, useWatch } from 'react-hook-form'
import { useReason } from '@/components/staff/use-reason'
import { toRows, toWeek, WeekForm } from '@/components/staff/week'
import { WeekFields } from '@/components/staff/week-fields'
import { Button } from '@/components/ui/button'
import { Card, PageHeader } from '@/components/ui/card'
import { ClockIcon } from '@/components/ui/icons'
import { Avatar } from '@/components/ui/progress'
import { EmptyState } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import type { ClinicSettings, PractitionerView } from '@/lib/clinic/rules'

export function Hours({ settings }: { settings: ClinicSettings }) {
  const t = useTranslations('admin')
  return (
    <>
      <PageHeader
        title={t('hours.title')}
        lead={t('hours.lead', { zone: settings.clinic.timeZone.replaceAll('_', ' ') })}
      />
      {settings.practitioners.length ? (
        <div className="grid items-start gap-6 2xl:grid-cols-2">
          {settings.practitioners.map((practitioner) => (
            <Week key={practitioner.id} practitioner={practitioner} settings={settings} />
          ))}
        </div>
      ) : (
        <EmptyState icon={ClockIcon} title={t('hours.none')} />
      )}
    </>
  )
}

function Week({ practitioner, settings }: { practitioner: PractitionerView; settings: ClinicSettings }) {
  const t = useTranslations('admin')
  const s = useTranslations('sites')
  const format = useFormatter()
  const toast = useToast()
  const reason = useReason()
  const form = useForm<WeekForm>({
    resolver: zodResolver(WeekForm),
    defaultValues: toWeek(settings.hours.filter((row) => row.memberId === practitioner.id)),
  })
  const { errors, isSubmitting, isDirty } = form.formState
  // Who sees some sites only works at those.
  const only = settings.placed.find(({ memberId }) => memberId === practitioner.id)?.siteIds
  const places = [
    ...settings.sites
      .filter(({ id }) => !only || only.includes(id))
      .map(({ id, name }) => ({ value: id, label: name })),
    ...(only || !settings.sites.length ? [] : [{ value: '', label: s('nowhere') }]),
  ]
  const days = useWatch({ control: form.control, name: 'days' })
  const total = toRows({ days }).reduce((sum, row) => sum + Math.max(0, row.endMinute - row.startMinute || 0), 0)
  const save = form.handleSubmit(async (week) => {
    const answer = await call('clinic/save-hours', { memberId: practitioner.id, hours: toRows(week) })
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    form.reset(week)
    toast(t('hours.saved'), 'success')
  })
  return (
    <Card>
      <form onSubmit={save} noValidate aria-label={practitioner.displayName}>
        <div className="mb-3 flex items-center gap-3">
          <Avatar name={practitioner.displayName} />
          <div>
            <h2 className="text-xl">{practitioner.displayName}</h2>
            <p className="text-sm text-soft">
              {practitioner.title} ·{' '}
              {t('hours.total', { hours: format.number(total / 60, { maximumFractionDigits: 1 }) })}
            </p>
          </div>
        </div>
        <WeekFields control={form.control} register={form.register} errors={errors} places={places} />
        <div className="mt-4">
          <Button type="submit" variant="primary" busy={isSubmitting} disabled={!isDirty}>
            {t('hours.save')}
          </Button>
        </div>
      </form>
    </Card>
  )
}
