'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { useCareWords } from '@/components/care/words'
import { Button } from '@/components/ui/button'
import { QrCode } from '@/components/ui/qr-code'
import { Banner, LiveRegion } from '@/components/ui/status'
import { useFocusKept } from '@/components/ui/use-focus-kept'
import { pairLink, runPairing, spell, type PairSide, type PairStep } from '@/lib/browser/pairing'
import { ownZone } from '@/lib/browser/zone'
import type { CareTerms } from '@/lib/crypto/care'
import { formatTime } from '@/lib/time'

/** One side of adding a device, from the code to "done". Mounted when it begins; gone, it is given up. */
export function PairPanel({
  side,
  onDone,
  onAgain,
}: {
  side: PairSide
  onDone: (appointments: string[]) => void
  /** Begun again, which gives this one up. */
  onAgain: () => void
}) {
  const t = useTranslations('devices.pair')
  const locale = useLocale()
  const [step, setStep] = useState<PairStep | null>(null)
  const answer = useRef<((same: boolean) => void) | null>(null)
  const panel = useFocusKept<HTMLDivElement>(step ? `${step.at} ${step.at === 'compare' && step.answered}` : 'begun')
  const done = useEffectEvent(onDone)
  const failed = useEffectEvent(() => setStep({ at: 'failed', why: 'offline' }))

  useEffect(() => {
    const gone = new AbortController()
    const show = (next: PairStep) => {
      if (gone.signal.aborted) return
      setStep(next)
      if (next.at === 'done') done(next.appointments)
    }
    const agree = () => new Promise<boolean>((resolve) => (answer.current = resolve))
    const run = async () => {
      // A mount that is taken back at once must not use the code up.
      await null
      if (!gone.signal.aborted) await runPairing(side, show, agree, gone.signal)
    }
    run().catch((error: unknown) => {
      if (gone.signal.aborted) return
      failed()
      throw error
    })
    return () => gone.abort()
  }, [side])

  return (
    <div ref={panel} tabIndex={-1} className="flex flex-col gap-4 outline-none">
      <LiveRegion>{step && step.at !== 'failed' ? t(`say.${step.at}`) : ''}</LiveRegion>
      {step?.at === 'waiting' ? (
        <>
          <p>{t(side.role === 'own' ? 'showOwn' : 'showNew')}</p>
          <QrCode
            value={pairLink(location.origin, step.secret, side.role)}
            label={t('qrLabel')}
            className="size-64 max-w-full self-center rounded-card"
          />
          <div className="text-center">
            <p className="text-sm text-soft">
              {side.role === 'own' ? t('orType', { address: `${location.host}/pair` }) : t('orTypeNew')}
            </p>
            <p className="font-mono text-lg break-words" data-pair="typed">
              {spell(step.secret)}
            </p>
          </div>
          <p className="text-sm text-soft">{t('until', { time: formatTime(step.expiresAt, ownZone(), locale) })}</p>
        </>
      ) : null}
      {step === null || step.at === 'reading' ? <p>{t('say.reading')}</p> : null}
      {step?.at === 'compare' ? (
        <>
          <p className="text-lg">{t('compare')}</p>
          <p
            className="rounded-card border border-line bg-ground p-4 text-center font-mono text-3xl font-semibold"
            data-pair="code"
          >
            {step.code}
          </p>
          {step.answered ? (
            <p role="status">{t('otherToo')}</p>
          ) : (
            <div className="flex flex-wrap gap-2.5">
              <Button variant="primary" onClick={() => answer.current?.(true)}>
                {t('same')}
              </Button>
              <Button variant="danger" onClick={() => answer.current?.(false)}>
                {t('differs')}
              </Button>
            </div>
          )}
        </>
      ) : null}
      {step === null || step.at === 'waiting' || step.at === 'reading' || (step.at === 'compare' && step.answered) ? (
        <Button size="sm" className="self-start" onClick={onAgain}>
          {t('stop')}
        </Button>
      ) : null}
      {step?.at === 'handing' ? <p>{t('say.handing')}</p> : null}
      {step?.at === 'done' ? (
        <Banner tone="success" title={t(step.terms || side.care ? 'doneHelp' : 'doneTitle')} announce>
          {step.terms || side.care ? (
            <HelpDone side={side} terms={step.terms} />
          ) : (
            t(side.patient ? 'doneOwn' : 'doneNew')
          )}
        </Banner>
      ) : null}
      {step?.at === 'failed' ? (
        <Banner
          tone="danger"
          title={t('failedTitle')}
          announce
          actions={
            <Button size="sm" onClick={onAgain}>
              {t('again')}
            </Button>
          }
        >
          {t(`failed.${step.why}`)}
        </Banner>
      ) : null}
    </div>
  )
}

/** What both agreed on, told on both screens. */
function HelpDone({ side, terms }: { side: PairSide; terms: CareTerms | null }) {
  const t = useTranslations('care')
  const words = useCareWords()
  const agreed = side.care?.terms ?? terms!
  return (
    <>
      {side.care
        ? `${agreed.name}, ${words.relation(agreed)}. `
        : `${t('you.as', { relation: words.relation(agreed) })} `}
      {words.end(agreed.end)}.
    </>
  )
}
