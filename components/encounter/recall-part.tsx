'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useLocale, useTranslations } from 'next-intl'
import { useForm, useWatch } from 'react-hook-form'
import type { z } from 'zod'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { RadioGroup } from '@/components/ui/choice'
import { RecallIcon } from '@/components/ui/icons'
import { Badge } from '@/components/ui/status'
import { Select, TextArea, TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import { sendSealed } from '@/lib/browser/send-sealed'
import { inOrderFor } from '@/lib/clinic/rules'
import type { EncounterView } from '@/lib/encounter/rules'
import { dueOn, type RecallContent, RecallForm } from '@/lib/recall/rules'
import { dayIn, formatPlainDay } from '@/lib/time'
import { sealFor } from './seal'
import type { Chart } from './use-chart'

export const recallTones = {
  scheduled: 'neutral',
  invited: 'info',
  booked: 'success',
  declined: 'neutral',
  overdue: 'warning',
} as const
const longDay = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } as const

export function RecallPart({
  view,
  chart,
  onSaved,
}: {
  view: EncounterView
  chart: Chart
  onSaved: () => Promise<void>
}) {
  const t = useTranslations('recall')
  const locale = useLocale()
  const toast = useToast()
  const reason = useReason()
  const today = dayIn(view.zone, new Date())
  // Whoever comes back has been here.
  const services = inOrderFor(view.services, true)
  const same = services.find(({ id }) => id === view.service.id)
  const next = same && same.audience !== 'first_visit' ? same : services[0]
  const form = useForm<z.input<typeof RecallForm>, unknown, RecallForm>({
    resolver: zodResolver(RecallForm),
    defaultValues: {
      rule: { kind: 'in', count: 3, unit: 'months' },
      serviceId: next?.id ?? view.service.id,
      reason: '',
    },
  })
  const { register, formState } = form
  const { errors, isSubmitting } = formState
  const rule = useWatch({ control: form.control, name: 'rule' })
  const parsed = RecallForm.shape.rule.safeParse(rule)
  const preview = parsed.success ? dueOn(parsed.data, today) : null
  const faults = errors.rule as { count?: { message?: string }; date?: { message?: string } } | undefined

  const send = form.handleSubmit(async (typed) => {
    const due = dueOn(typed.rule, today)
    if (due <= today) return form.setError('rule.date', { message: 'future' }, { shouldFocus: true })
    const content: RecallContent = { reason: typed.reason, rule: typed.rule, dueOn: due }
    const { appointmentId } = view.appointment
    const recall = { id: crypto.randomUUID(), appointmentId, serviceId: typed.serviceId, dueOn: due }
    const answer = await sendSealed(
      chart.clinicId,
      () => sealFor(chart, { type: 'recall', content }),
      (record) => call('recall/set', { ...recall, record }),
    )
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(t('done'), 'success')
    form.reset()
    await onSaved()
  })
  return (
    <div className="flex flex-col gap-6">
      <form onSubmit={send} noValidate className="flex flex-col gap-4">
        <RadioGroup
          look="row"
          label={t('when')}
          options={[
            { value: 'in', label: t('in') },
            { value: 'on', label: t('on') },
          ]}
          {...register('rule.kind', {
            onChange: (event: { target: { value: string } }) =>
              form.setValue(
                'rule',
                event.target.value === 'on'
                  ? { kind: 'on', date: preview ?? '' }
                  : { kind: 'in', count: 3, unit: 'months' },
              ),
          })}
        />
        {rule.kind === 'on' ? (
          <TextField
            type="date"
            label={t('date')}
            className="w-56"
            error={faults?.date && reason.field(faults.date.message)}
            {...register('rule.date')}
          />
        ) : (
          <div className="flex flex-wrap gap-3">
            <TextField
              label={t('count')}
              inputMode="numeric"
              className="w-28"
              error={faults?.count && reason.field(faults.count.message)}
              {...register('rule.count')}
            />
            <Select
              label={t('unit')}
              className="w-44"
              options={[
                { value: 'weeks', label: t('weeks') },
                { value: 'months', label: t('months') },
              ]}
              {...register('rule.unit')}
            />
          </div>
        )}
        {preview ? (
          <p className="text-soft">{t('dueLine', { date: formatPlainDay(preview, locale, longDay) })}</p>
        ) : null}
        <Select
          label={t('service')}
          options={services.map(({ id, name }) => ({ value: id, label: name }))}
          {...register('serviceId')}
        />
        <TextArea
          label={t('why')}
          hint={t('whyHint')}
          rows={2}
          error={errors.reason && reason.field(errors.reason.message)}
          {...register('reason')}
        />
        <div>
          <Button type="submit" variant="primary" icon={<RecallIcon />} busy={isSubmitting}>
            {t('set')}
          </Button>
        </div>
      </form>
      {chart.recalls.length ? (
        <ul className="divide-y divide-line border-t border-line">
          {chart.recalls.map(({ row, entry }) => (
            <li key={row.id} className="py-3">
              <p className="flex flex-wrap items-center gap-2.5">
                <span className="font-semibold">{formatPlainDay(row.dueOn, locale, longDay)}</span>
                <Badge tone={recallTones[row.status]}>{t(`status.${row.status}`)}</Badge>
              </p>
              <p className="text-sm text-soft">
                {row.service}
                {entry?.content?.reason ? ` · ${entry.content.reason}` : ''}
              </p>
            </li>
          ))}
        </ul>
      ) : (
        <p className="text-soft">{t('none')}</p>
      )}
    </div>
  )
}
