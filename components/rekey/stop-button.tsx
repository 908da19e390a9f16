'use client'
import { useTranslations } from 'next-intl'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'

/** The request ends, and its keys with it. Nothing is lost by a mistake but a telephone call. */
export function StopButton({ id, own, onStopped }: { id: string; own?: boolean; onStopped: () => Promise<void> }) {
  const t = useTranslations('lost')
  const reason = useReason()
  const toast = useToast()
  const [stop, stopping] = useBusy(async () => {
    const answer = await call('rekey/object', { id }, { as: 'staff' })
    if (answer.ok) toast(t(own ? 'mine.stopped' : 'requests.objected'), 'success')
    else toast(reason(answer.code), 'danger')
    await onStopped()
  })
  return (
    <Button size="sm" variant="danger" busy={stopping} onClick={() => void stop()}>
      {t(own ? 'mine.stop' : 'requests.object')}
    </Button>
  )
}
