'use client'
import { useTranslations } from 'next-intl'
import { Button, LinkButton } from '@/components/ui/button'
import { ClockIcon, ShieldIcon, WarningIcon } from '@/components/ui/icons'
import { EmptyState } from '@/components/ui/status'
import type { PatientDoor } from '@/lib/browser/call-client'
import type { CallCode } from '@/lib/browser/call-session'

const unsafe: readonly CallCode[] = [
  'UNVERIFIED',
  'NOT_VOUCHED',
  'BAD_SIGNATURE',
  'BAD_COMMITMENT',
  'BAD_ENVELOPE',
  'NOT_FOR_YOU',
  'CHAIN_FORKED',
  'CHAIN_SHORTER',
  'CHAIN_INVALID',
]

/** Why there is no call, and what a person can do now. */
export function Stopped({
  code,
  door,
  zone,
  appointmentId,
  onAgain,
}: {
  code: CallCode
  door: PatientDoor | null
  zone: string
  appointmentId: string
  onAgain: () => void
}) {
  const t = useTranslations('call')
  const e = useTranslations('errors')
  const action = (
    <div className="flex flex-wrap justify-center gap-2.5">
      <Button variant="primary" onClick={onAgain}>
        {t('after.tryAgain')}
      </Button>
      <Back appointmentId={appointmentId} />
    </div>
  )
  if (unsafe.includes(code)) {
    return (
      <div role="alert" data-call="stopped" data-code={code}>
        <EmptyState page icon={ShieldIcon} title={t('after.safetyTitle')} action={action}>
          <p>{t('after.safetyText')}</p>
          <p className="mt-2 text-sm">{t('after.reason', { code })}</p>
        </EmptyState>
      </div>
    )
  }
  if (code === 'TOO_LATE' || code === 'WRONG_STATE' || code === 'NOT_FOUND') {
    const [title, text] =
      code === 'TOO_LATE'
        ? [t('tooLateTitle'), t('tooLateText')]
        : code === 'WRONG_STATE'
          ? [t('closedTitle'), t('closedText')]
          : [t('linkTitle'), t('linkText')]
    return (
      <EmptyState page icon={ClockIcon} title={title} action={<Back appointmentId={appointmentId} />}>
        <p>{text}</p>
        {door ? <p className="mt-2">{t('when', { date: new Date(door.lobby.startsAt), timeZone: zone })}</p> : null}
      </EmptyState>
    )
  }
  const known = e.has(code as 'INTERNAL') ? (code as 'INTERNAL') : 'INTERNAL'
  return (
    <EmptyState page icon={WarningIcon} title={e(known)} action={action}>
      {t('after.reason', { code })}
    </EmptyState>
  )
}

export const Back = ({ appointmentId }: { appointmentId: string }) => {
  const t = useTranslations('call')
  return <LinkButton href={`/a/${appointmentId}`}>{t('backToAppointment')}</LinkButton>
}
