'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { FormProvider, useForm, useWatch } from 'react-hook-form'
import { z } from 'zod'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Checkbox, RadioGroup, Switch } from '@/components/ui/choice'
import { Dialog } from '@/components/ui/dialog'
import { FieldGroup } from '@/components/ui/field'
import { Banner } from '@/components/ui/status'
import { Select, TextArea, TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import { assignments, audiences, type ClinicSettings, ServiceForm, type ServiceView, ways } from '@/lib/clinic/rules'
import { chargeFault, formatMoney, parseAmount, parseRate, smallestCharge, writeAmount, writeRate } from '@/lib/money'
import { readPart, tooSmall, writePart } from '@/lib/price/rules'
import { QuestionFields } from './question-fields'

/** As it is typed: money in the currency's own words, no consent as an empty choice. */
const Typed = z
  .object({ ...ServiceForm.shape, price: z.string(), tax: z.string(), consentTextId: z.string() })
  .extend({ depositKind: z.enum(['percent', 'amount']), depositText: z.string() })
  .omit({ priceMinor: true, taxRate: true, deposit: true })
export type TypedService = z.input<typeof Typed>

interface Props {
  service: ServiceView | 'new' | null
  settings: ClinicSettings
  onClose: () => void
  onDone: () => Promise<void>
}

export function ServiceDialog({ service, ...rest }: Props) {
  const t = useTranslations('admin')
  const c = useTranslations('common')
  return (
    <Dialog
      wide
      title={service === 'new' ? t('services.add') : t('services.edit')}
      closeLabel={c('close')}
      open={service !== null}
      onOpenChange={(open) => !open && rest.onClose()}
    >
      {service ? <Form service={service} {...rest} /> : null}
    </Dialog>
  )
}

function Form({ service, settings, onClose, onDone }: Props & { service: ServiceView | 'new' }) {
  const t = useTranslations('admin')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const locale = useLocale()
  const [code, setCode] = useState<string | null>(null)
  const { clinic, practitioners, consentTexts, services } = settings
  const form = useForm<TypedService, unknown, z.output<typeof Typed>>({
    resolver: zodResolver(Typed),
    defaultValues: toTyped(service, settings, locale),
  })
  const { register, control, formState } = form
  const { errors, isSubmitting } = formState
  const mode = useWatch({ control, name: 'paymentMode' })
  const way = useWatch({ control, name: 'way' }) ?? 'video'
  const audience = useWatch({ control, name: 'audience' }) ?? 'anyone'
  const place = settings.sites.length ? settings.sites.map(({ name }) => name).join(', ') : clinic.address
  const several = useWatch({ control, name: 'practitionerIds' }).length > 1
  const depositKind = useWatch({ control, name: 'depositKind' })
  const text = (fault: { message?: string } | undefined) => {
    const key = fault?.message
    if (key !== 'smallCharge' && key !== 'smallRest') return fault && reason.field(key)
    return t(`services.${key}`, { amount: formatMoney(smallestCharge(clinic.currency), clinic.currency, locale) })
  }

  const save = form.handleSubmit(async ({ price, tax, consentTextId, depositKind: kind, depositText, ...typed }) => {
    setCode(null)
    if (typed.places > 1 && typed.way !== 'in_person')
      return form.setError('places', { message: 'groupWay' }, { shouldFocus: true })
    const priceMinor = typed.paymentMode === 'free' ? 0 : parseAmount(price, clinic.currency, locale)
    if (priceMinor === null) return form.setError('price', { message: 'number' }, { shouldFocus: true })
    const fault = chargeFault(priceMinor, clinic.currency)
    if (fault) return form.setError('price', { message: fault }, { shouldFocus: true })
    const taxRate = typed.paymentMode === 'free' ? 0 : parseRate(tax)
    if (taxRate === null) return form.setError('tax', { message: 'percent' }, { shouldFocus: true })
    const deposit =
      typed.paymentMode === 'deposit' ? readPart(kind, depositText, clinic.currency, locale) : { kind: 'none' as const }
    if (!deposit) return form.setError('depositText', { message: 'invalid' }, { shouldFocus: true })
    const small = tooSmall({ priceMinor, currency: clinic.currency, paymentMode: typed.paymentMode, deposit })
    if (small === 'price') return form.setError('price', { message: 'smallCharge' }, { shouldFocus: true })
    if (small)
      return form.setError(
        'depositText',
        { message: small === 'rest' ? 'smallRest' : 'smallCharge' },
        { shouldFocus: true },
      )
    const answer = await call('clinic/save-service', {
      id: service === 'new' ? null : service.id,
      version: service === 'new' ? 0 : service.version,
      service: {
        ...typed,
        priceMinor,
        taxRate,
        deposit,
        consentTextId: consentTextId || null,
        position: service === 'new' ? services.length : typed.position,
      },
    })
    if (!answer.ok) return setCode(answer.code)
    toast(t('services.saved'), 'success')
    await onDone()
    onClose()
  })
  return (
    <FormProvider {...form}>
      <form onSubmit={save} noValidate className="flex flex-col gap-5">
        {code ? (
          <Banner tone="danger" announce>
            {reason(code)}
          </Banner>
        ) : null}
        <TextField label={t('services.name')} error={text(errors.name)} {...register('name')} />
        <TextArea
          label={t('services.description')}
          rows={2}
          error={text(errors.description)}
          {...register('description')}
        />
        <div className="grid gap-4 sm:grid-cols-3">
          <TextField
            label={t('services.minutes')}
            inputMode="numeric"
            after="min"
            error={text(errors.minutes)}
            {...register('minutes')}
          />
          <TextField
            label={t('services.bufferBefore')}
            inputMode="numeric"
            after="min"
            error={text(errors.bufferBefore)}
            {...register('bufferBefore')}
          />
          <TextField
            label={t('services.bufferAfter')}
            inputMode="numeric"
            after="min"
            error={text(errors.bufferAfter)}
            {...register('bufferAfter')}
          />
        </div>
        <RadioGroup
          look="row"
          label={t('services.way')}
          hint={way === 'video' ? undefined : t(`services.wayHints.${way}`, { place: place || t('services.nowhere') })}
          options={ways.map((value) => ({ value, label: c(`way.${value}`) }))}
          {...register('way', { onChange: () => form.clearErrors('places') })}
        />
        <TextField
          label={t('services.places')}
          hint={t('services.placesHint')}
          inputMode="numeric"
          className="max-w-sm"
          error={text(errors.places)}
          {...register('places')}
        />
        <RadioGroup
          look="row"
          label={t('services.audience')}
          hint={audience === 'anyone' ? undefined : t(`services.audienceHints.${audience}`)}
          options={audiences.map((value) => ({ value, label: t(`services.audiences.${value}`) }))}
          {...register('audience')}
        />
        <details>
          <summary className="min-h-11 cursor-pointer py-2 font-semibold">{t('services.pace')}</summary>
          <p className="mb-3 text-soft">{t('services.paceHint')}</p>
          <div className="grid gap-4 sm:grid-cols-2">
            {(['stepMinutes', 'minNoticeMinutes', 'horizonDays', 'dailyLimit'] as const).map((name) => (
              <TextField
                key={name}
                label={t(`services.${name}`)}
                inputMode="numeric"
                after={name === 'dailyLimit' ? undefined : t(name === 'horizonDays' ? 'services.days' : 'services.min')}
                error={text(errors[name])}
                {...register(name)}
              />
            ))}
          </div>
        </details>
        <RadioGroup
          look="row"
          label={t('services.payment')}
          hint={clinic.takesPayments ? undefined : t('services.notConnected')}
          options={(['free', 'online', 'deposit', 'later'] as const).map((value) => ({
            value,
            label: t(`services.mode.${value}`),
            disabled: (value === 'online' || value === 'deposit') && !clinic.takesPayments,
          }))}
          {...register('paymentMode')}
        />
        {mode === 'free' ? null : (
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField
              label={t('services.price')}
              inputMode="decimal"
              after={clinic.currency.toUpperCase()}
              error={text(errors.price)}
              {...register('price')}
            />
            <TextField
              label={t('services.tax')}
              hint={t('services.taxHint')}
              inputMode="decimal"
              after="%"
              error={text(errors.tax)}
              {...register('tax')}
            />
          </div>
        )}
        {mode === 'deposit' ? (
          <div className="grid items-end gap-4 sm:grid-cols-2">
            <Select
              label={t('services.depositKind')}
              options={(['percent', 'amount'] as const).map((value) => ({ value, label: t(`cancellation.${value}`) }))}
              {...register('depositKind')}
            />
            <TextField
              label={t('services.deposit')}
              inputMode="decimal"
              after={depositKind === 'percent' ? '%' : clinic.currency.toUpperCase()}
              error={text(errors.depositText)}
              {...register('depositText')}
            />
          </div>
        ) : null}
        <FieldGroup label={t('services.by')} hint={practitioners.length ? undefined : t('hours.none')}>
          {() => (
            <div className="grid gap-x-6 sm:grid-cols-2">
              {practitioners.map(({ id, displayName }) => (
                <Checkbox key={id} value={id} label={displayName} {...register('practitionerIds')} />
              ))}
            </div>
          )}
        </FieldGroup>
        {several ? (
          <RadioGroup
            look="cards"
            label={t('services.assignment')}
            options={assignments.map((value) => ({
              ...{ value, label: t(`services.assignments.${value}`), hint: t(`services.assignmentHints.${value}`) },
            }))}
            {...register('assignment')}
          />
        ) : null}
        <Select
          label={t('services.consent')}
          options={[
            { value: '', label: t('services.noConsent') },
            ...consentTexts
              .filter((each) => each.active)
              .map((each) => ({ value: each.id, label: `${each.title} (${each.version})` })),
          ]}
          {...register('consentTextId')}
        />
        <QuestionFields />
        <Switch label={t('services.active')} hint={t('services.activeHint')} {...register('active')} />
        <Button type="submit" variant="primary" busy={isSubmitting}>
          {c('save')}
        </Button>
      </form>
    </FormProvider>
  )
}

function toTyped(
  service: ServiceView | 'new',
  { clinic, practitioners, consentTexts }: ClinicSettings,
  locale: string,
): TypedService {
  if (service === 'new') {
    return {
      name: '',
      description: '',
      minutes: 30,
      bufferBefore: 0,
      bufferAfter: 5,
      stepMinutes: null,
      minNoticeMinutes: null,
      horizonDays: null,
      dailyLimit: null,
      way: 'video',
      places: 1,
      assignment: 'choose',
      audience: 'anyone',
      paymentMode: 'free',
      price: '',
      tax: '0',
      depositKind: 'percent',
      depositText: '',
      intakeForm: { questions: [] },
      consentTextId: consentTexts.find((each) => each.active)?.id ?? '',
      active: true,
      position: 0,
      practitionerIds: practitioners.map(({ id }) => id),
    }
  }
  const { id: _, version: __, currency: ___, intakeVersion: ____, priceMinor, taxRate, deposit, ...rest } = service
  return {
    ...rest,
    price: writeAmount(priceMinor, clinic.currency, locale),
    tax: writeRate(taxRate, locale),
    depositKind: deposit.kind === 'amount' ? 'amount' : 'percent',
    depositText: writePart(deposit, clinic.currency, locale),
    consentTextId: service.consentTextId ?? '',
  }
}
