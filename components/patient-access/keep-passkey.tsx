'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { Button } from '@/components/ui/button'
import { ShieldIcon } from '@/components/ui/icons'
import { Banner } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { useFocusKept } from '@/components/ui/use-focus-kept'
import type { PasskeyCode } from '@/lib/browser/passkey'
import type { OwnChart } from '@/lib/browser/patient-chart'
import {
  keepPasskey,
  type MadePasskey,
  newPatientPasskey,
  touchPasskey,
  type Untouched,
} from '@/lib/browser/patient-passkey'
import { ownZone } from '@/lib/browser/zone'
import { formatDate, formatTime } from '@/lib/time'

type At = 'idle' | 'done' | Untouched

/** The first way to keep access: nothing to print, where the browser has passkeys that can open records. */
export function KeepPasskey({ own, onKept }: { own: OwnChart; onKept: () => void }) {
  const t = useTranslations('keep.passkey')
  const errors = useTranslations('errors')
  const locale = useLocale()
  const [can, setCan] = useState(true)
  const [at, setAt] = useState<At>('idle')
  const [problem, setProblem] = useState<PasskeyCode | null>(null)
  const [refused, setRefused] = useState('')
  const has = own.chart.keys.some(({ kind, state }) => kind === 'passkey' && state !== 'revoked')

  const title = useFocusKept<HTMLHeadingElement>(typeof at === 'string' ? at : 'touch')
  useEffect(() => void opensRecords().then(setCan), [])

  async function take(made: MadePasskey) {
    setProblem(null)
    setRefused('')
    if (!made.ok) {
      // What can open nothing is not tried a second time.
      if (made.code === 'NO_PRF') setAt('idle')
      return setProblem(made.code)
    }
    if ('touch' in made) return setAt(made.touch)
    const kept = await keepPasskey(own.patient, made.secret)
    if (!kept.ok) return setRefused(errors(kept.code))
    setAt('done')
    onKept()
  }
  const name = () => {
    const now = new Date()
    return t('name', { date: `${formatDate(now, ownZone(), locale)}, ${formatTime(now, ownZone(), locale)}` })
  }
  const [make, making] = useBusy(async () => take(await newPatientPasskey(name())))
  const [touch, touching] = useBusy(async (made: Untouched) => take(await touchPasskey(made)))

  return (
    <section className="flex flex-col items-start gap-4">
      <h3 ref={title} tabIndex={-1} className="scroll-mt-6 text-base font-semibold outline-none">
        {t('title')}
      </h3>
      {at === 'done' ? (
        <Banner tone="success" announce>
          {t('done')}
        </Banner>
      ) : at === 'idle' ? (
        <>
          <p className="text-soft">{t(!can ? 'none' : has ? 'has' : 'lead')}</p>
          {can ? (
            <Button
              variant={has ? 'secondary' : 'primary'}
              icon={<ShieldIcon size={18} />}
              busy={making}
              onClick={() => void make()}
            >
              {t('make')}
            </Button>
          ) : null}
        </>
      ) : (
        <Banner
          tone="info"
          title={t('touchTitle')}
          announce
          actions={
            <>
              <Button size="sm" variant="primary" busy={touching} onClick={() => void touch(at)}>
                {t('touch')}
              </Button>
              <Button size="sm" onClick={() => setAt('idle')}>
                {t('later')}
              </Button>
            </>
          }
        >
          {t('touchText')}
        </Banner>
      )}
      {problem || refused ? (
        <Banner tone="warning" announce>
          {problem ? t(`problem.${problem}`) : refused}
        </Banner>
      ) : null}
    </section>
  )
}

/** What this browser says of itself; one that says nothing is tried. */
async function opensRecords(): Promise<boolean> {
  const browser = globalThis.PublicKeyCredential as
    { getClientCapabilities?: () => Promise<Record<string, boolean>> } | undefined
  if (!browser) return false
  const can = await browser.getClientCapabilities?.().catch(() => null)
  return can?.['extension:prf'] !== false
}
