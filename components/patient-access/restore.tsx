'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { LinkButton } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Banner } from '@/components/ui/status'
import { UsePasskey } from './use-passkey'

/** For a device that has no keys of this appointment's patient: what they kept for this. */
export function Restore({ appointmentId, onDone }: { appointmentId: string; onDone: () => void }) {
  const t = useTranslations('keep.use')
  const [other, setOther] = useState<string | null>(null)
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      {other ? (
        <Banner
          tone="success"
          title={t('doneTitle')}
          announce
          actions={
            <LinkButton size="sm" href={`/a/${other}`}>
              {t('open')}
            </LinkButton>
          }
        >
          {t('done')}
        </Banner>
      ) : (
        <>
          <UsePasskey
            // Whose it is, the passkey says: perhaps not the patient of this appointment.
            onDone={(opened) => (opened.includes(appointmentId) ? onDone() : setOther(opened[0] ?? null))}
          />
          <p className="mt-4 text-soft">
            <a href="/recover">{t('orPage')}</a>
          </p>
        </>
      )}
    </Card>
  )
}
