'use client'
import { useEffect, useRef, useState } from 'react'
import { cx } from '@/components/ui/cx'

/** One video track. Remote tracks come here only after a member's key has opened them. */
export function TrackVideo({
  track,
  label,
  name,
  mirrored,
  className,
}: {
  track: MediaStreamTrack | null
  label: string
  /** For tests and styles: whose picture it is. */
  name: 'local' | 'remote' | 'small'
  mirrored?: boolean
  className?: string
}) {
  const ref = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    const video = ref.current
    if (!video) return
    video.srcObject = track ? new MediaStream([track]) : null
    if (track) void video.play().catch(() => undefined)
    return () => {
      video.srcObject = null
    }
  }, [track])
  return (
    <video
      ref={ref}
      muted
      playsInline
      autoPlay
      aria-label={label}
      data-call={name}
      className={cx('h-full w-full object-cover', mirrored && '-scale-x-100', !track && 'invisible', className)}
    />
  )
}

/** The other side's voice, on the chosen speaker. Where the browser wants a tap first, it says so. */
export function TrackAudio({
  track,
  speaker,
  onBlocked,
}: {
  track: MediaStreamTrack | null
  speaker: string
  onBlocked: (play: (() => void) | null) => void
}) {
  const ref = useRef<HTMLAudioElement>(null)
  const [playing, setPlaying] = useState(false)
  useEffect(() => {
    const audio = ref.current
    if (!audio) return
    audio.srcObject = track ? new MediaStream([track]) : null
    if (!track) return
    const play = () =>
      audio.play().then(
        () => {
          setPlaying(true)
          onBlocked(null)
        },
        () => onBlocked(() => void play()),
      )
    void play()
  }, [track, onBlocked])
  useEffect(() => {
    const audio = ref.current as (HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> }) | null
    if (playing && speaker) void audio?.setSinkId?.(speaker).catch(() => undefined)
  }, [speaker, playing])
  return <audio ref={ref} autoPlay data-call="remote-audio" />
}
