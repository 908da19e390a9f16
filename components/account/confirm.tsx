'use client'
import { useTranslations } from 'next-intl'
import { useStaff } from '@/components/staff/session'
import { PasskeyButton } from '@/components/staff/passkey-button'
import { PasswordForm } from '@/components/staff/password-form'
import { Dialog } from '@/components/ui/dialog'
import { type Confirmed, confirmByPasskey, confirmByPassword } from '@/lib/browser/account'
import { vault } from '@/lib/browser/vault'

/** An open browser is not its member: who wraps the account anew shows once more who they are. */
export function Confirm({
  open,
  onClose,
  onConfirmed,
  passkey,
  lead,
}: {
  open: boolean
  onClose: () => void
  onConfirmed: (confirmed: Confirmed) => void
  /** Whether there is one that could be touched instead. */
  passkey: boolean
  /** What it is asked for, where that is not a new way in. */
  lead?: string
}) {
  const t = useTranslations('account')
  const c = useTranslations('common')
  const { me } = useStaff()
  const close = () => {
    void vault().forgetTaken()
    onClose()
  }
  return (
    <Dialog
      title={t('confirm.title')}
      description={lead ?? t('confirm.lead')}
      closeLabel={c('close')}
      open={open}
      onOpenChange={(next) => {
        if (!next) close()
      }}
    >
      <PasswordForm
        address={me.email}
        submit={t('confirm.submit')}
        attempt={confirmByPassword}
        onDone={({ value }) => onConfirmed(value)}
      />
      {passkey ? (
        <div className="mt-3">
          <PasskeyButton attempt={confirmByPasskey} onDone={({ value }) => onConfirmed(value)} />
        </div>
      ) : null}
    </Dialog>
  )
}
