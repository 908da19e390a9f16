'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useMemo } from 'react'
import { useForm } from 'react-hook-form'
import { z } from 'zod'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Checkbox } from '@/components/ui/choice'
import { Select, TextField } from '@/components/ui/text-field'
import { ClinicDetails, OwnerDetails, slugify } from '@/lib/access/rules'
import { call } from '@/lib/browser/api'
import { ownZone } from '@/lib/browser/zone'
import { countries, currencyOf } from './countries'

const Form = z.object({
  code: z.string().trim().max(200),
  owner: OwnerDetails,
  clinic: ClinicDetails,
  practitioner: z.boolean(),
})
export type DetailsForm = z.output<typeof Form>

export function Details({
  asksCode,
  start,
  fault,
  onDone,
}: {
  /** Whether this installation opens clinics for those alone who have its code. */
  asksCode: boolean
  start: DetailsForm | null
  /** What the server refused later on, shown where it can be mended. */
  fault: Record<string, string> | null
  onDone: (typed: DetailsForm) => void
}) {
  const t = useTranslations('onboarding')
  const errorText = useTranslations('errors')
  const locale = useLocale()
  const reason = useReason()
  const form = useForm<z.input<typeof Form>, unknown, DetailsForm>({
    resolver: zodResolver(Form),
    defaultValues: start ?? {
      code: '',
      owner: { displayName: '', title: '', email: '' },
      clinic: { name: '', slug: '', timeZone: '', country: '', currency: '', locale },
      practitioner: true,
    },
  })
  const { register, setValue, setError, formState } = form
  const { errors, isSubmitting, dirtyFields } = formState

  // The device knows where it is: known after the page has loaded, so that the server need not guess.
  useEffect(() => {
    if (start) return
    const region = new Intl.Locale(navigator.language).maximize().region ?? 'FR'
    const country = countries.includes(region) ? region : 'FR'
    setValue('clinic.timeZone', ownZone())
    setValue('clinic.country', country)
    setValue('clinic.currency', currencyOf(country))
  }, [start, setValue])
  useEffect(() => {
    if (fault?.['clinic.slug']) setError('clinic.slug', { message: 'SLUG_TAKEN' }, { shouldFocus: true })
    if (fault?.code) setError('code', { message: 'SIGNUP_CLOSED' }, { shouldFocus: true })
    if (fault?.['owner.email']) setError('owner.email', { message: 'EMAIL_TAKEN' }, { shouldFocus: true })
  }, [fault, setError])

  const regions = useMemo(() => {
    const names = new Intl.DisplayNames(locale, { type: 'region' })
    return countries
      .map((value) => ({ value, label: names.of(value) ?? value }))
      .sort((a, b) => a.label.localeCompare(b.label, locale))
  }, [locale])
  const currencies = useMemo(() => {
    const names = new Intl.DisplayNames(locale, { type: 'currency' })
    return Intl.supportedValuesOf('currency').map((code) => ({
      value: code.toLowerCase(),
      label: `${code} · ${names.of(code)}`,
    }))
  }, [locale])
  const zones = useMemo(
    () =>
      Intl.supportedValuesOf('timeZone')
        .concat('UTC')
        .map((value) => ({ value, label: value.replaceAll('_', ' ') })),
    [],
  )

  const text = (fault: { message?: string } | undefined) =>
    fault &&
    (fault.message === 'SLUG_TAKEN' || fault.message === 'EMAIL_TAKEN' || fault.message === 'SIGNUP_CLOSED'
      ? errorText(fault.message)
      : reason.field(fault.message))
  const send = form.handleSubmit(async (typed) => {
    if (asksCode && !typed.code) return setError('code', { message: 'required' }, { shouldFocus: true })
    const answer = await call('access/slug-free', { slug: typed.clinic.slug })
    if (answer.ok && !answer.value.free)
      return setError('clinic.slug', { message: 'SLUG_TAKEN' }, { shouldFocus: true })
    onDone(typed)
  })
  const name = register('clinic.name')
  const country = register('clinic.country')
  return (
    <form onSubmit={send} noValidate className="flex flex-col gap-6">
      {asksCode ? (
        <Card>
          <TextField
            label={t('code')}
            hint={t('codeHint')}
            autoComplete="off"
            spellCheck={false}
            error={text(errors.code)}
            {...register('code')}
          />
        </Card>
      ) : null}
      <Card className="flex flex-col gap-5">
        <CardTitle>{t('you')}</CardTitle>
        <div className="grid gap-5 sm:grid-cols-2">
          <TextField
            label={t('name')}
            autoComplete="name"
            error={text(errors.owner?.displayName)}
            {...register('owner.displayName')}
          />
          <TextField
            label={t('profession')}
            autoComplete="organization-title"
            error={text(errors.owner?.title)}
            {...register('owner.title')}
          />
        </div>
        <TextField
          label={t('email')}
          hint={t('emailHint')}
          type="email"
          autoComplete="email"
          error={text(errors.owner?.email)}
          {...register('owner.email')}
        />
        <Checkbox label={t('practitioner')} hint={t('practitionerHint')} {...register('practitioner')} />
      </Card>
      <Card className="flex flex-col gap-5">
        <CardTitle>{t('clinic')}</CardTitle>
        <TextField
          label={t('clinicName')}
          autoComplete="organization"
          error={text(errors.clinic?.name)}
          {...name}
          onChange={(event) => {
            void name.onChange(event)
            if (!dirtyFields.clinic?.slug) setValue('clinic.slug', slugify(event.target.value))
          }}
        />
        <TextField
          label={t('slug')}
          hint={t('slugHint')}
          autoCapitalize="none"
          spellCheck={false}
          error={text(errors.clinic?.slug)}
          {...register('clinic.slug')}
        />
        <div className="grid gap-5 sm:grid-cols-3">
          <Select
            label={t('country')}
            options={regions}
            error={text(errors.clinic?.country)}
            {...country}
            onChange={(event) => {
              void country.onChange(event)
              if (!dirtyFields.clinic?.currency) setValue('clinic.currency', currencyOf(event.target.value))
            }}
          />
          <Select
            label={t('timeZone')}
            options={zones}
            error={text(errors.clinic?.timeZone)}
            {...register('clinic.timeZone')}
          />
          <Select
            label={t('currency')}
            options={currencies}
            error={text(errors.clinic?.currency)}
            {...register('clinic.currency')}
          />
        </div>
      </Card>
      <Button type="submit" variant="primary" size="lg" busy={isSubmitting}>
        {t('toPassphrase')}
      </Button>
    </form>
  )
}
