'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useForm, useWatch } from 'react-hook-form'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Select, TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import { decimalsOf, formatMoney } from '@/lib/money'
import { CancellationPolicy, type PartOfPrice, partOfPrice, readPart, writePart } from '@/lib/price/rules'

interface Typed {
  hours: string
  lateKind: PartOfPrice['kind']
  late: string
  missedKind: PartOfPrice['kind']
  missed: string
}
const kinds = ['none', 'percent', 'amount'] as const

/** What cancelling late and not coming cost, with an example that follows what is typed. */
export function Cancellation({ start, currency }: { start: CancellationPolicy; currency: string }) {
  const t = useTranslations('admin.cancellation')
  const c = useTranslations('common')
  const locale = useLocale()
  const reason = useReason()
  const toast = useToast()
  const form = useForm<Typed>({
    defaultValues: {
      hours: String(start.freeUntilMinutes / 60),
      lateKind: start.lateFee.kind,
      late: writePart(start.lateFee, currency, locale),
      missedKind: start.noShowFee.kind,
      missed: writePart(start.noShowFee, currency, locale),
    },
  })
  const { register, formState, handleSubmit, control, setError } = form
  const { errors, isSubmitting } = formState
  const typed = useWatch({ control }) as Typed

  /** The policy, and what of it is not one. */
  const policyOf = ({ hours, lateKind, late, missedKind, missed }: Typed) =>
    CancellationPolicy.safeParse({
      freeUntilMinutes: /^\d{1,3}$/.test(hours.trim()) ? Number(hours) * 60 : null,
      lateFee: readPart(lateKind, late, currency, locale),
      noShowFee: readPart(missedKind, missed, currency, locale),
    })
  const save = handleSubmit(async (values) => {
    const policy = policyOf(values)
    if (!policy.success) {
      const fields = { freeUntilMinutes: 'hours', lateFee: 'late', noShowFee: 'missed' } as const
      for (const { path } of policy.error.issues)
        setError(fields[path[0] as keyof typeof fields], { message: 'invalid' }, { shouldFocus: true })
      return
    }
    const answer = await call('clinic/save-cancellation', policy.data)
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(c('saved'), 'success')
  })

  const text = (name: keyof Typed) => errors[name] && reason.field(errors[name].message)
  const options = kinds.map((value) => ({ value, label: t(value) }))
  const part = (name: 'late' | 'missed') => {
    const kind = typed[`${name}Kind`]
    return (
      <div className="grid items-end gap-4 sm:grid-cols-2">
        <Select label={t(name)} options={options} {...register(`${name}Kind`)} />
        {kind === 'none' ? null : (
          <TextField
            label={t(`${name}${kind === 'percent' ? 'Percent' : 'Amount'}`)}
            inputMode="decimal"
            after={kind === 'percent' ? '%' : currency.toUpperCase()}
            error={text(name)}
            {...register(name)}
          />
        )}
      </div>
    )
  }
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="-mt-2 mb-5 max-w-prose text-soft">{t('lead')}</p>
      <form onSubmit={save} noValidate className="flex flex-col gap-5">
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label={t('hours')}
            hint={t('hoursHint')}
            inputMode="numeric"
            after={t('hoursUnit')}
            error={text('hours')}
            {...register('hours')}
          />
        </div>
        {part('late')}
        {part('missed')}
        <Example policy={policyOf(typed)} currency={currency} />
        <div>
          <Button type="submit" variant="primary" busy={isSubmitting} aria-label={t('save')}>
            {c('save')}
          </Button>
        </div>
      </form>
    </Card>
  )
}

/** A visit of eighty, or of eight thousand where there are no decimals, cancelled too late by a little. */
function Example({ policy, currency }: { policy: ReturnType<typeof CancellationPolicy.safeParse>; currency: string }) {
  const t = useTranslations('admin.cancellation')
  const locale = useLocale()
  if (!policy.success) return null
  const { freeUntilMinutes, lateFee, noShowFee } = policy.data
  const minor = decimalsOf(currency) === 0 ? 8000 : 80 * 10 ** decimalsOf(currency)
  const amount = (of: number) => formatMoney(of, currency, locale)
  const kept = partOfPrice(minor, currency, lateFee)
  const missed = partOfPrice(minor, currency, noShowFee)
  const hours = Math.floor(freeUntilMinutes / 120)
  const price = amount(minor)
  return (
    <div role="status" className="rounded-control border border-line bg-ground p-4 text-sm">
      {kept > 0 && freeUntilMinutes > 0 ? (
        <>
          <p>{t('exampleFree', { price, hours: freeUntilMinutes / 60 })}</p>
          <p>{t('exampleLate', { price, hours, kept: amount(kept) })}</p>
        </>
      ) : (
        <p>{t('exampleNever', { price })}</p>
      )}
      <p>{missed > 0 ? t('exampleMissed', { kept: amount(missed) }) : t('exampleMissedFree')}</p>
    </div>
  )
}
