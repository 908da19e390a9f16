'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { CodeWords } from '@/components/ui/code-words'
import { CheckIcon, CopyIcon, RefreshIcon, WarningIcon } from '@/components/ui/icons'
import { LiveRegion } from '@/components/ui/status'
import { vault } from '@/lib/browser/vault'
import type { RefusedChain } from '@/lib/browser/vault-notice-api'
import { type ChainStop, factsOf, numberParts } from './chain-stop'

/**
 * In place of every page, once the clinic's list of members does not add up: what happened, what to do, and whom not to trust, for
 * somebody who has never heard of keys. There is no way past it but to try again.
 */
export function ChainNotice({
  stop,
  level = 1,
  onLeave,
}: {
  stop: ChainStop
  /** 2 beside a page's own title. */
  level?: 1 | 2
  onLeave?: () => void
}) {
  const t = useTranslations('notice')
  const [refused, setRefused] = useState<RefusedChain | null>(null)
  const [at] = useState(() => new Date())
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    // What is kept of the refusal is told; without it the rest still holds.
    void vault()
      .refusedChain()
      .then(setRefused, () => setRefused(null))
    title.current?.focus()
  }, [])
  const Heading = level === 1 ? 'h1' : 'h2'
  const known = refused?.known
  return (
    <section
      data-notice={stop}
      className="mx-auto max-w-2xl rounded-card border border-danger/35 bg-surface shadow-low"
    >
      <header role="alert" className="flex gap-4 rounded-t-card bg-danger-wash p-5 sm:p-7">
        <WarningIcon size={28} className="mt-1 shrink-0 text-danger" />
        <div>
          <Heading ref={title} tabIndex={-1} className="text-2xl text-danger outline-none">
            {t(`${stop}.title`)}
          </Heading>
          <p className="mt-2 text-ink">{t(`${stop}.text`)}</p>
          <p className="mt-2 font-semibold text-ink">{t('nothing')}</p>
        </div>
      </header>
      <div className="flex flex-col gap-7 p-5 sm:p-7">
        <div>
          <p className="mb-3 font-display text-xl">{t('now')}</p>
          <ol className="flex list-decimal flex-col gap-2 ps-5">
            <li>{t('stay')}</li>
            <li>{t('call')}</li>
            <li>{known ? t('compare', { count: known.length }) : t('noNumber')}</li>
            {known ? <li>{t('result')}</li> : null}
          </ol>
        </div>
        {known ? <CodeWords label={t('number', { count: known.length })} parts={numberParts(known.number)} /> : null}
        <div>
          <p className="mb-1 font-display text-xl">{t('distrust')}</p>
          <p>{t('distrustText')}</p>
        </div>
        <Facts text={factsOf(stop, refused, at)} />
        <div className="flex flex-col gap-3 border-t border-line pt-5">
          <p className="text-soft">{t(stop === 'shorter' ? 'againSlow' : 'againText')}</p>
          <div className="flex flex-wrap gap-2.5">
            <Button icon={<RefreshIcon size={18} />} onClick={() => location.reload()}>
              {t('again')}
            </Button>
            {onLeave ? (
              <Button variant="quiet" onClick={onLeave}>
                {t('leave')}
              </Button>
            ) : null}
          </div>
        </div>
      </div>
    </section>
  )
}

function Facts({ text }: { text: string }) {
  const t = useTranslations('notice')
  const [copied, setCopied] = useState(false)
  return (
    <div>
      <p className="mb-3 text-soft">{t('factsText')}</p>
      <Button
        icon={copied ? <CheckIcon /> : <CopyIcon />}
        onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
      >
        {copied ? t('copied') : t('copy')}
      </Button>
      <LiveRegion>{copied ? t('copied') : ''}</LiveRegion>
      <details className="mt-3">
        <summary className="cursor-pointer text-sm text-soft">{t('facts')}</summary>
        <pre className="mt-2 rounded-control bg-sunken p-3 text-sm break-all whitespace-pre-wrap">{text}</pre>
      </details>
    </div>
  )
}
