'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Banner } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import type { WrapRow } from '@/lib/account/rules'
import { newPasskey, savePasskey } from '@/lib/browser/account'
import type { SessionCode } from '@/lib/browser/staff-session'
import { Confirm } from './confirm'
import { Wraps } from './wraps'

type Made = Extract<Awaited<ReturnType<typeof newPasskey>>, { ok: true }>['value']

/** Made first, filed after: only one that opens the account is kept. */
export function Passkeys({
  passkeys,
  required,
  onChange,
}: {
  passkeys: WrapRow[]
  required: boolean
  onChange: () => Promise<void>
}) {
  const t = useTranslations('account')
  const reason = useReason()
  const toast = useToast()
  const [label, setLabel] = useState('')
  const [made, setMade] = useState<Made | null>(null)
  const [code, setCode] = useState<SessionCode | null>(null)
  const name = label.trim() || t('passkey.unnamed', { number: passkeys.length + 1 })
  const [make, busy] = useBusy(async () => {
    setCode(null)
    const answer = await newPasskey().catch(() => ({ ok: false, code: 'INTERNAL' }) as const)
    if (answer.ok) setMade(answer.value)
    else setCode(answer.code)
  })
  return (
    <Card>
      <CardTitle>{t('passkey.title')}</CardTitle>
      <p className="-mt-2 mb-4 max-w-prose text-soft">{t('passkey.lead')}</p>
      {required ? <p className="mb-4 max-w-prose">{t('passkey.required')}</p> : null}
      <Wraps wraps={passkeys} onChange={onChange} />
      <div className="mt-4 flex max-w-xl flex-wrap items-end gap-3">
        <TextField
          className="grow"
          label={t('passkey.name')}
          hint={t('passkey.nameHint')}
          maxLength={60}
          value={label}
          onChange={(event) => setLabel(event.target.value)}
        />
        <Button busy={busy} onClick={() => void make()}>
          {t('passkey.add')}
        </Button>
      </div>
      {code ? (
        <Banner tone={code === 'NO_PRF' ? 'warning' : 'danger'} announce className="mt-4">
          {reason(code)}
        </Banner>
      ) : null}
      <Confirm
        open={made !== null}
        passkey={passkeys.length > 0}
        onClose={() => setMade(null)}
        onConfirmed={async (confirmed) => {
          const answer = await savePasskey(confirmed, made!, name)
          setMade(null)
          if (!answer.ok) return setCode(answer.code)
          setLabel('')
          toast(t('passkey.added'), 'success')
          await onChange()
        }}
      />
    </Card>
  )
}
