'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useEffectEvent, useState } from 'react'
import { Banner } from '@/components/ui/status'
import { call } from '@/lib/browser/api'
import { passOnRecords, type Progress } from '@/lib/browser/rewrap'
import { vault } from '@/lib/browser/vault'
import { VaultError } from '@/lib/browser/vault-error'
import { useStaff } from './session'

/** A colleague may have left while this page lay open. */
const askAgainMs = 300_000

/**
 * After somebody left, the clinic's records are locked anew in the browsers of those who stay: here too, on the side, one tab at a
 * time. Closing the page pauses it; whoever opens Curtain next goes on.
 */
export function PassingOn() {
  const t = useTranslations('rewrap')
  const { chain, reloadChain } = useStaff()
  const [progress, setProgress] = useState<Progress | null>(null)
  const run = useEffectEvent((signal: AbortSignal) => {
    let { length } = chain
    return passOnRecords({
      ask: (input) => call('rewrap/next', input, { as: 'staff' }),
      keys: vault(),
      chainLength: () => length,
      reload: async () => {
        const view = await reloadChain()
        length = view?.length ?? length
        return view !== null
      },
      show: setProgress,
      signal,
    })
  })
  useEffect(() => {
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const begin = async () => {
      const lock = navigator.locks.request('curtain.rewrap', { signal: stop.signal }, () => run(stop.signal))
      const waitMs = await lock.catch((error: unknown) => {
        // Locked, or no member any more, or the page is gone: the next who may goes on.
        if (stop.signal.aborted || error instanceof VaultError) return null
        throw error
      })
      if (!stop.signal.aborted) timer = setTimeout(() => void begin(), waitMs ?? askAgainMs)
    }
    void begin()
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [chain.head])

  if (!progress) return null
  const { left, total, failed } = progress
  return (
    <>
      {left > 0 ? (
        <div className="mb-5 flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-soft">
          <label htmlFor="passing-on">{t('progress', { done: total - left, total })}</label>
          <progress
            id="passing-on"
            className="h-2 w-40 appearance-none overflow-hidden rounded-full border border-edge bg-surface [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-surface [&::-webkit-progress-value]:bg-accent"
            value={total - left}
            max={total}
          />
        </div>
      ) : null}
      {left === 0 && failed > 0 ? (
        <Banner tone="warning" title={t('failed', { count: failed })} announce className="mb-5">
          {t('failedText')}
        </Banner>
      ) : null}
    </>
  )
}
