'use client'
import { useTranslations } from 'next-intl'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { cx } from '@/components/ui/cx'
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
  const [high, setHigh] = useState(false)
  const shown = away && track !== null
  // What has the focus is not hidden beneath it (WCAG 2.4.11): it goes to the other corner.
  useEffect(() => {
    if (!shown) return
    const dodge = () => {
      const focused = document.activeElement
      if (!button.current || !focused || focused === button.current) return
      const own = button.current.getBoundingClientRect()
      const other = (focused.closest('label') ?? focused).getBoundingClientRect()
      const [x, y] = [other.x + other.width / 2, other.y + other.height / 2]
      if (x > own.left && x < own.right && y > own.top && y < own.bottom) setHigh((now) => !now)
    }
    dodge()
    document.addEventListener('focusin', dodge)
    document.addEventListener('scroll', dodge, { passive: true })
    return () => {
      document.removeEventListener('focusin', dodge)
      document.removeEventListener('scroll', dodge)
    }
  }, [shown])
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
