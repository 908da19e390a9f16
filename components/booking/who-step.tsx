'use client'
import { useTranslations } from 'next-intl'
import { Controller, useFormContext } from 'react-hook-form'
import { BooksUntil } from '@/components/care/books-until'
import { Checkbox, RadioGroup } from '@/components/ui/choice'
import { DateField } from '@/components/ui/date-field'
import { Select, TextArea, TextField } from '@/components/ui/text-field'
import { guardianAgeOf, relations } from '@/lib/care/rules'
import { useFieldError } from './field-error'
import type { FormDevice } from './fitting'
import type { Values } from './values'

interface Props {
  device: FormDevice
  guardianAge: number
  /** By telephone: it takes a number. */
  isCalled: boolean
  onChoose: (id: string) => void
}

export function WhoStep({ device, guardianAge, isCalled, onChoose }: Props) {
  const t = useTranslations('booking.who2')
  const common = useTranslations('common')
  const audience = useTranslations('audience')
  const { register, control, watch, setValue } = useFormContext<Values>()
  const error = useFieldError()
  const patient = watch('patient')
  const shared = watch('shared')
  const known = device.known.find((each) => each.handle.patientId === patient)
  const options = [
    ...device.known.map(({ handle, identity }) => ({
      value: handle.patientId,
      label: identity?.name ?? t('unnamed'),
      hint: t('known'),
    })),
    ...(device.newcomers
      ? [
          { value: 'me', label: t(device.known.length ? 'newMe' : 'me') },
          { value: 'other', label: t('other'), hint: t('otherHint') },
        ]
      : []),
  ]
  const choose = (id: string) => {
    // Another person: what was there of the one before goes.
    if (known || device.known.some((each) => each.handle.patientId === id))
      for (const name of ['name', 'birthDate', 'email', 'phone'] as const) setValue(name, '')
    setValue('signedName', '')
    setValue('agree', false)
    setValue('patient', id, { shouldDirty: true })
    onChoose(id)
  }
  return (
    <div className="flex flex-col gap-6">
      <RadioGroup
        label={t('title')}
        hideLabel
        hint={device.newcomers ? undefined : audience('only')}
        look="cards"
        name="patient"
        options={options}
        value={patient}
        onChange={(event) => choose(event.target.value)}
      />
      {known?.identity ? null : (
        <>
          {patient === 'other' ? (
            <>
              <TextField
                id="bookedBy"
                label={t('bookedBy')}
                hint={t('bookedByHint')}
                autoComplete="name"
                error={error('bookedBy')}
                {...register('bookedBy')}
              />
              <Select
                id="relation"
                label={t('relation')}
                hint={t('relationHint', { age: guardianAgeOf(guardianAge) })}
                placeholder={t('relationChoose')}
                options={relations.map((value) => ({ value, label: t(`relations.${value}`) }))}
                error={error('relation')}
                {...register('relation')}
              />
            </>
          ) : null}
          <TextField
            id="name"
            label={t('name')}
            hint={t('nameHint')}
            autoComplete={patient === 'other' ? 'off' : 'name'}
            error={error('name')}
            {...register('name')}
          />
          <Controller
            control={control}
            name="birthDate"
            render={({ field }) => (
              <DateField
                {...field}
                id="birthDate"
                label={t('birth')}
                birthday={patient !== 'other'}
                parts={{ day: common('day'), month: common('month'), year: common('year') }}
                error={error('birthDate')}
              />
            )}
          />
          {patient === 'other' ? (
            <BooksUntil relation={watch('relation')} birthDate={watch('birthDate')} age={guardianAge} />
          ) : null}
        </>
      )}
      <TextField
        id="email"
        type="email"
        inputMode="email"
        label={t('email')}
        hint={t('emailHint')}
        autoComplete="email"
        error={error('email')}
        {...register('email')}
      />
      <TextField
        id="phone"
        type="tel"
        label={t('phone')}
        hint={isCalled ? t('phoneHint') : undefined}
        optional={isCalled ? undefined : common('optional')}
        autoComplete="tel"
        error={error('phone')}
        {...register('phone')}
      />
      <TextArea
        id="reason"
        label={t('reason')}
        hint={t('reasonHint')}
        error={error('reason')}
        maxLength={2000}
        {...register('reason')}
      />
      {device.home === 'stored' && !known ? (
        <Checkbox label={t('shared')} hint={shared ? t('sharedHint') : undefined} {...register('shared')} />
      ) : null}
    </div>
  )
}
