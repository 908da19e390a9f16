import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { AlertDialog } from '@/components/ui/dialog'
import { useBusy } from '@/components/ui/use-busy'
import type { PractitionerCall, Visitor } from '@/lib/browser/call-client'
import { SafetyCode } from './safety-code'

/** Asked at a first meeting and for a new device, and not again once it matched. */
export function CompareCode({
  session,
  guest,
  name,
  patientName,
  code,
  byDesk,
  onDiffers,
}: {
  session: PractitionerCall
  guest: Visitor
  name: string
  /** As the chart shows it; null while no identity of the patient has opened, and then nobody is vouched for. */
  patientName: string | null
  code: string
  /** The desk booked: no device did. */
  byDesk: boolean
  onDiffers: () => void
}) {
  const t = useTranslations('call.code')
  const c = useTranslations('common')
  const e = useTranslations('errors')
  const [later, setLater] = useState(false)
  const [granted, setGranted] = useState<number | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [asking, setAsking] = useState(false)
  const [matches, matching] = useBusy(async () => {
    const answer = await session.matches(code, patientName)
    if (answer.ok) setGranted(answer.value)
    else setError(e(e.has(answer.code as 'INTERNAL') ? (answer.code as 'INTERNAL') : 'INTERNAL'))
  })
  return (
    <SafetyCode code={code} name={name}>
      {granted !== null ? (
        <p role="status" className="mt-3 text-success">
          {t('matched', { count: granted })}
        </p>
      ) : guest.trust === 'vouched' ? (
        <p className="mt-2 text-center text-sm text-soft">{t('known')}</p>
      ) : (
        <div className="mt-3 grid gap-3">
          {guest.trust === 'first-use' ? (
            <p className="text-sm text-soft">{t(byDesk ? 'firstOpened' : 'firstUse')}</p>
          ) : null}
          {later ? null : <p className="text-sm">{t(patientName ? 'ask' : 'nameless')}</p>}
          <div className="flex flex-wrap gap-2.5">
            {patientName ? (
              <Button
                variant={later ? 'secondary' : 'primary'}
                size="sm"
                busy={matching}
                onClick={() => void matches()}
              >
                {t('matches')}
              </Button>
            ) : null}
            <Button variant="danger" size="sm" onClick={() => setAsking(true)}>
              {t('differs')}
            </Button>
            {later ? null : (
              <Button variant="quiet" size="sm" onClick={() => setLater(true)}>
                {t('later')}
              </Button>
            )}
          </div>
          {error ? (
            <p role="alert" className="text-danger">
              {error}
            </p>
          ) : null}
        </div>
      )}
      <AlertDialog
        open={asking}
        onOpenChange={setAsking}
        title={t('differsTitle')}
        description={t('differsText')}
        cancelLabel={c('cancel')}
        actionLabel={t('differsAction')}
        danger
        onAction={onDiffers}
      />
    </SafetyCode>
  )
}
