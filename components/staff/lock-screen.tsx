'use client'
import { useTranslations } from 'next-intl'
import { Button } from '@/components/ui/button'
import { LockIcon } from '@/components/ui/icons'
import type { KeyMaterial } from '@/lib/access/rules'
import { type Opening, unlockAgain, unlockByPasskey } from '@/lib/browser/staff-session'
import type { ChainView } from '@/lib/browser/vault-api'
import { type ChainStop, stopOf } from './chain-stop'
import { PasskeyButton } from './passkey-button'
import { PasswordForm } from './password-form'

/** In place of the page, not over it: what was on the screen is gone from the document. */
export function LockScreen({
  name,
  address,
  onOpen,
  onStop,
  onLeave,
}: {
  name: string
  /** Who unlocks is who signed in, by whatever way: nobody types it again. */
  address: string
  onOpen: (me: KeyMaterial, chain: ChainView) => void
  onStop: (stop: ChainStop) => void
  onLeave: () => void
}) {
  const t = useTranslations('access')
  const held = async (opening: Promise<Opening>): Promise<Opening> => {
    const opened = await opening
    const stop = opened.ok ? null : stopOf(opened.code)
    if (stop) onStop(stop)
    return opened
  }
  return (
    <div className="mx-auto flex max-w-md flex-col gap-6 py-10">
      <div className="folds flex size-16 items-center justify-center rounded-full">
        <span className="flex size-11 items-center justify-center rounded-full bg-surface text-accent">
          <LockIcon size={22} />
        </span>
      </div>
      <div>
        <h1 className="text-2xl">{t('locked.title', { name })}</h1>
        <p className="mt-2 text-soft">{t('locked.lead')}</p>
      </div>
      <div className="flex flex-col gap-3">
        <PasswordForm
          address={address}
          submit={t('locked.unlock')}
          attempt={(email, password) => held(unlockAgain(email, password))}
          onDone={({ material, chain }) => onOpen(material, chain)}
        />
        <PasskeyButton
          attempt={() => held(unlockByPasskey())}
          onDone={({ material, chain }) => onOpen(material, chain)}
        />
      </div>
      <Button variant="quiet" onClick={onLeave}>
        {t('locked.leave')}
      </Button>
    </div>
  )
}
