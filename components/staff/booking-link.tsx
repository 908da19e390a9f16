'use client'
import { useTranslations } from 'next-intl'
import { CodeWords } from '@/components/ui/code-words'
import { CopyField } from '@/components/ui/copy-field'
import { QrCode } from '@/components/ui/qr-code'
import { fingerprintWords } from './fingerprint'

/** Link, code and fingerprint: what a clinic puts on its own site and on paper, out of the server's reach. */
export function BookingLink({
  origin,
  slug,
  clinic,
  rootFingerprint,
}: {
  origin: string
  slug: string
  clinic: string
  rootFingerprint: string
}) {
  const t = useTranslations('onboarding')
  const c = useTranslations('common')
  const link = `${origin}/c/${slug}#k=${rootFingerprint}`
  return (
    <div className="grid items-start gap-6 md:grid-cols-[auto_1fr]">
      <div className="rounded-card border border-line bg-white p-3 max-md:justify-self-center">
        <QrCode value={link} label={t('qrLabel')} className="size-52" />
      </div>
      <div className="flex min-w-0 flex-col gap-5">
        <CopyField label={t('bookingLink')} value={link} copyLabel={c('copy')} copiedLabel={c('copied')} />
        <CodeWords
          label={t('fingerprint', { clinic })}
          parts={fingerprintWords(rootFingerprint)}
          hint={t('fingerprintHint')}
        />
      </div>
    </div>
  )
}
