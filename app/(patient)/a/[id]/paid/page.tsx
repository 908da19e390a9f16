import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { LinkButton } from '@/components/ui/button'
import { PageHeader } from '@/components/ui/card'
import { Banner } from '@/components/ui/status'
import { decideReturn, ReturnInput } from '@/lib/payment/rules'
import { findReturn } from '@/lib/payment/flow'
import { Watch } from './watch'

interface Props {
  params: Promise<{ id: string }>
  searchParams: Promise<{ session?: string | string[] }>
}

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('payment')
  return { title: t('title'), robots: { index: false } }
}

const tones = {
  paid: 'success',
  waiting: 'info',
  failed: 'warning',
  gone: 'warning',
  refunded: 'info',
  unknown: 'info',
} as const

/** Where Stripe's page sends the payer back to. It holds no key and needs none: the session's id asks for the state alone. */
export default async function PaidPage({ params, searchParams }: Props) {
  const [{ id }, { session }, t] = [await params, await searchParams, await getTranslations('payment')]
  const input = ReturnInput.safeParse({ appointmentId: id, sessionId: session })
  const found = input.success ? await findReturn(input.data, new Date()) : null
  const state = found?.ok ? decideReturn(found.value.status, found.value.appointment) : 'unknown'
  const clinic = found?.ok ? found.value : null
  return (
    <div className="mx-auto max-w-xl py-4">
      <PageHeader title={t(`return.${state}.title`)} eyebrow={clinic?.clinicName} />
      <Banner tone={tones[state]}>{t(`return.${state}.lead`)}</Banner>
      {state === 'waiting' && input.success ? <Watch {...input.data} longer={t('return.longer')} /> : null}
      <div className="mt-6 flex flex-wrap gap-3">
        {/* Without its secret: the device that booked knows it, another has it in the mail. */}
        <LinkButton href={`/a/${id}`} variant="primary" size="lg">
          {t('open')}
        </LinkButton>
        {state === 'waiting' ? (
          <LinkButton href="" size="lg">
            {t('return.again')}
          </LinkButton>
        ) : null}
        {clinic && (state === 'gone' || state === 'refunded') ? (
          <LinkButton href={`/c/${clinic.clinicSlug}`} size="lg">
            {t('return.choose')}
          </LinkButton>
        ) : null}
      </div>
    </div>
  )
}
