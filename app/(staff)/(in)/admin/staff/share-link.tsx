'use client'
import { useTranslations } from 'next-intl'
import { CopyField } from '@/components/ui/copy-field'
import { QrCode } from '@/components/ui/qr-code'

/** To be copied or shown, never mailed by us: whoever holds it authenticates the newcomer. */
export function ShareLink({ id, secret, rootFingerprint }: { id: string; secret: string; rootFingerprint: string }) {
  const t = useTranslations('admin')
  const c = useTranslations('common')
  const link = `${location.origin}/join/${id}#s=${secret}&k=${rootFingerprint}`
  return (
    <div className="grid items-start gap-5 sm:grid-cols-[auto_1fr]">
      <div className="rounded-card border border-line bg-white p-2.5 max-sm:justify-self-center">
        <QrCode value={link} label={t('invitations.qr')} className="size-44" />
      </div>
      <div className="flex min-w-0 flex-col gap-3">
        <CopyField
          label={t('invitations.link')}
          hint={t('invitations.linkHint')}
          value={link}
          copyLabel={c('copy')}
          copiedLabel={c('copied')}
        />
        <p className="text-sm text-soft">{t('invitations.keepOpen')}</p>
      </div>
    </div>
  )
}
