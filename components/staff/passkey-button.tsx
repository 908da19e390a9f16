'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { ShieldIcon } from '@/components/ui/icons'
import { Banner } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import type { SessionCode } from '@/lib/browser/staff-session'
import { useReason } from './use-reason'

/** One touch in place of the passphrase. */
export function PasskeyButton<Right extends { ok: true }>({
  attempt,
  onDone,
}: {
  attempt: () => Promise<Right | { ok: false; code: SessionCode }>
  onDone: (right: Right) => void
}) {
  const t = useTranslations('access')
  const reason = useReason()
  const [code, setCode] = useState<SessionCode | null>(null)
  const [touch, busy] = useBusy(async () => {
    setCode(null)
    const answer = await attempt().catch(() => ({ ok: false, code: 'INTERNAL' }) as const)
    if (answer.ok) return onDone(answer)
    setCode(answer.code)
  })
  return (
    <div className="flex flex-col gap-3">
      <Button block busy={busy} icon={<ShieldIcon size={18} />} onClick={() => void touch()}>
        {t('passkey')}
      </Button>
      {code ? (
        <Banner tone="danger" announce>
          {reason(code)}
        </Banner>
      ) : null}
    </div>
  )
}
