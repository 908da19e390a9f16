'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { PassphraseFields, PassphraseForm } from '@/components/staff/passphrase-fields'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Dialog } from '@/components/ui/dialog'
import { Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { changePassword } from '@/lib/browser/account'
import { newPassphrase } from '@/lib/browser/passphrase'
import type { SessionCode } from '@/lib/browser/staff-session'
import { Confirm } from './confirm'

/** A new passphrase: chosen first, so that the proof of who asks is a minute old at the most when it is used. */
export function Password({ passkey, onChange }: { passkey: boolean; onChange: () => Promise<void> }) {
  const t = useTranslations('account')
  const { me } = useStaff()
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const [open, setOpen] = useState(false)
  const [chosen, setChosen] = useState<string | null>(null)
  const [code, setCode] = useState<SessionCode | null>(null)
  return (
    <Card>
      <CardTitle actions={<Button onClick={() => setOpen(true)}>{t('password.change')}</Button>}>
        {t('password.title')}
      </CardTitle>
      <p className="-mt-2 max-w-prose text-soft">{t('password.lead')}</p>
      {code ? (
        <Banner tone="danger" announce className="mt-4">
          {reason(code)}
        </Banner>
      ) : null}
      <Dialog title={t('password.change')} closeLabel={c('close')} open={open} onOpenChange={setOpen}>
        <NewPassphrase
          submit={t('password.next')}
          email={me.email}
          onChosen={(passphrase) => {
            setOpen(false)
            setChosen(passphrase)
          }}
        />
        <p className="mt-4 text-sm text-soft">{t('password.leaked')}</p>
      </Dialog>
      <Confirm
        open={chosen !== null}
        passkey={passkey}
        lead={t('password.confirm')}
        onClose={() => {
          setChosen(null)
          // The new one may be on paper already, and opens nothing.
          toast(t('password.kept'), 'danger')
        }}
        onConfirmed={async (confirmed) => {
          const answer = await changePassword(confirmed, chosen!)
          setChosen(null)
          setCode(answer.ok ? null : answer.code)
          if (!answer.ok) return
          toast(t('password.changed', { count: answer.value.ended }), 'success')
          await onChange()
        }}
      />
    </Card>
  )
}

/** One made here, or the member's own; written down before it counts. */
export function NewPassphrase({
  submit,
  busy,
  email,
  onChosen,
}: {
  submit: string
  busy?: boolean
  /** Whose it is, where that is known: for the browser's own store of passwords. */
  email?: string
  onChosen: (passphrase: string) => void
}) {
  const [start] = useState(newPassphrase)
  const form = useForm<PassphraseForm>({
    resolver: zodResolver(PassphraseForm),
    defaultValues: { passphrase: start, again: '', kept: false },
  })
  const value = form.watch('passphrase')
  const { register, setValue, formState } = form
  return (
    <form onSubmit={form.handleSubmit(({ passphrase }) => onChosen(passphrase))} noValidate>
      <PassphraseFields email={email ?? ''} {...{ register, setValue, value }} errors={formState.errors} />
      <Button type="submit" variant="primary" block busy={busy} className="mt-5">
        {submit}
      </Button>
    </form>
  )
}
