'use client'
import { useTranslations } from 'next-intl'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { cx } from '@/components/ui/cx'
import { useDodge } from '@/components/ui/use-dodge'
import { TrackVideo } from './track-video'

/** The other side's picture in a corner, while a note is written further down the page. Pressed, it leads back to the call. */
export function MiniPicture({
  track,
  name,
  stage,
}: {
  track: MediaStreamTrack | null
  name: string
  /** Where the large picture is. */
  stage: RefObject<HTMLElement | null>
}) {
  const t = useTranslations('call.call')
  const [away, setAway] = useState(false)
  useEffect(() => {
    const element = stage.current
    if (!element) return
    const watcher = new IntersectionObserver(([seen]) => setAway(!seen!.isIntersecting), { threshold: 0.25 })
    watcher.observe(element)
    return () => watcher.disconnect()
  }, [stage])
  const button = useRef<HTMLButtonElement>(null)
  const shown = away && track !== null
  const high = useDodge(button, shown)
  if (!shown) return null
  return (
    <button
      ref={button}
      type="button"
      data-theme="dark"
      aria-label={t('toPicture', { name })}
      className={cx(
        'fixed end-4 z-20 aspect-[4/3] w-36 overflow-hidden rounded-card border border-edge bg-sunken shadow-high sm:w-56',
        high ? 'top-4' : 'bottom-20 lg:bottom-4',
      )}
      onClick={() => stage.current?.scrollIntoView({ block: 'center' })}
    >
      <TrackVideo track={track} label={name} name="small" />
    </button>
  )
}
