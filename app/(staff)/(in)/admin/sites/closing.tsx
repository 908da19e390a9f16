'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { SiteRow } from '@/lib/site/rules'

export function Closing({
  site,
  onClose,
  onDone,
}: {
  site: SiteRow
  onClose: () => void
  onDone: () => Promise<void>
}) {
  const t = useTranslations('sites')
  const reason = useReason()
  const toast = useToast()
  const [sure, setSure] = useState(false)
  const { id, name } = site
  const isUsed = site.members > 0 || site.coming > 0 || site.hours > 0
  const [close, closing] = useBusy(async () => {
    const answer = await call('site/close', { id })
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(t('closed', { name }), 'success')
    await onDone()
    onClose()
  })
  return (
    <section className="mt-6 border-t border-line pt-5">
      <h3 className="text-lg">{t('closeSite', { name })}</h3>
      <p className="mt-1 mb-3 text-soft">{t(isUsed ? 'closeUsed' : 'closeText')}</p>
      {isUsed ? null : sure ? (
        <Button variant="danger" busy={closing} onClick={() => void close()}>
          {t('closeSure', { name })}
        </Button>
      ) : (
        <Button onClick={() => setSure(true)}>{t('closeSite', { name })}</Button>
      )}
    </section>
  )
}
