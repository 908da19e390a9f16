'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useForm, useWatch } from 'react-hook-form'
import { z } from 'zod'
import { useReason } from '@/components/staff/use-reason'
import { officeWeek, toRows, WeekForm } from '@/components/staff/week'
import { WeekFields } from '@/components/staff/week-fields'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { RadioGroup } from '@/components/ui/choice'
import { Banner } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { call } from '@/lib/browser/api'
import { parseAmount } from '@/lib/money'
import type { DetailsForm } from './details'
import type { OpenedClinic } from './open-clinic'

const First = z.object({
  name: z.string().trim().min(1, { error: 'required' }).max(80, { error: 'tooLong' }),
  minutes: z.coerce
    .number({ error: 'number' })
    .int({ error: 'number' })
    .min(5, { error: 'tooSmall' })
    .max(480, { error: 'tooLarge' }),
  payment: z.enum(['free', 'later']),
  price: z.string(),
})

/** The least that makes a booking link work: something to book, and when. */
export function Setup({ details, opened, onDone }: { details: DetailsForm; opened: OpenedClinic; onDone: () => void }) {
  const t = useTranslations('onboarding')
  const reason = useReason()
  const locale = useLocale()
  const [code, setCode] = useState<string | null>(null)
  const { currency, timeZone } = details.clinic
  const form = useForm<z.input<typeof First>, unknown, z.output<typeof First>>({
    resolver: zodResolver(First),
    defaultValues: { name: t('serviceExample'), minutes: 30, payment: 'free', price: '' },
  })
  const week = useForm<WeekForm>({ resolver: zodResolver(WeekForm), defaultValues: officeWeek })
  const { errors, isSubmitting } = form.formState
  const payment = useWatch({ control: form.control, name: 'payment' })

  const send = form.handleSubmit(async (typed) => {
    setCode(null)
    const priceMinor = typed.payment === 'free' ? 0 : parseAmount(typed.price, currency, locale)
    if (priceMinor === null) return form.setError('price', { message: 'number' }, { shouldFocus: true })
    if (details.practitioner) {
      if (!(await week.trigger())) return
      const saved = await call('schedule/save-week', { memberId: opened.memberId, hours: toRows(week.getValues()) })
      if (!saved.ok) return setCode(saved.code)
    }
    const saved = await call('clinic/save-service', {
      id: null,
      version: 0,
      service: {
        name: typed.name,
        description: '',
        minutes: typed.minutes,
        bufferBefore: 0,
        bufferAfter: 0,
        priceMinor,
        paymentMode: typed.payment,
        intakeForm: { questions: [] },
        consentTextId: null,
        active: true,
        position: 0,
        practitionerIds: details.practitioner ? [opened.memberId] : [],
      },
    })
    if (!saved.ok) return setCode(saved.code)
    onDone()
  })
  return (
    <form onSubmit={send} noValidate className="flex flex-col gap-6">
      <Card className="flex flex-col gap-5">
        <div>
          <h2 className="text-xl">{t('setupTitle')}</h2>
          <p className="mt-2 text-soft">{t('setupLead')}</p>
        </div>
        {code ? (
          <Banner tone="danger" announce>
            {reason(code)}
          </Banner>
        ) : null}
        <div className="grid gap-5 sm:grid-cols-[1fr_9rem]">
          <TextField
            label={t('serviceName')}
            error={errors.name && reason.field(errors.name.message)}
            {...form.register('name')}
          />
          <TextField
            label={t('minutes')}
            inputMode="numeric"
            after="min"
            error={errors.minutes && reason.field(errors.minutes.message)}
            {...form.register('minutes')}
          />
        </div>
        <RadioGroup
          look="row"
          label={t('payment')}
          options={[
            { value: 'free', label: t('paymentFree') },
            { value: 'later', label: t('paymentLater') },
          ]}
          {...form.register('payment')}
        />
        {payment === 'later' ? (
          <TextField
            label={t('price')}
            inputMode="decimal"
            after={currency.toUpperCase()}
            className="sm:w-56"
            error={errors.price && reason.field(errors.price.message)}
            {...form.register('price')}
          />
        ) : null}
      </Card>
      <Card>
        <CardTitle>{t('hoursTitle')}</CardTitle>
        {details.practitioner ? (
          <>
            <p className="-mt-2 mb-2 text-soft">{t('hoursHint', { zone: timeZone.replaceAll('_', ' ') })}</p>
            <WeekFields control={week.control} register={week.register} errors={week.formState.errors} />
          </>
        ) : (
          <p className="text-soft">{t('noHours')}</p>
        )}
      </Card>
      <div className="flex flex-wrap gap-3">
        <Button onClick={onDone}>{t('skip')}</Button>
        <Button type="submit" variant="primary" size="lg" className="flex-1" busy={isSubmitting}>
          {t('finish')}
        </Button>
      </div>
    </form>
  )
}
