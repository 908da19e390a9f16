'use client'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { Button } from './button'
import { codeReader } from './read-code'
import { Banner } from './status'

/** A fifth of a second between two looks: as quick as a hand, and the battery lasts. */
const EVERY_MS = 200

type Problem = 'denied' | 'missing' | 'busy' | 'failed'
export type CameraWord = 'picture' | 'starting' | Problem | 'again'

/**
 * Looks through the camera for QR codes and tells each; its pictures stay on this page. Mounted it looks, gone the camera is off.
 * Whoever shows it has a field beside it, for who has no camera.
 */
export function CodeCamera({
  onCode,
  say,
}: {
  onCode: (text: string) => void
  /** The words for each state, in the page's language. */
  say: (word: CameraWord) => string
}) {
  const view = useRef<HTMLVideoElement>(null)
  const [state, setState] = useState<'starting' | 'on' | Problem>('starting')
  const [attempt, setAttempt] = useState(0)
  const tell = useEffectEvent(onCode)

  useEffect(() => {
    let over = false
    let stream: MediaStream | null = null
    let timer: ReturnType<typeof setTimeout> | undefined
    const off = () => stream?.getTracks().forEach((track) => track.stop())
    async function begin() {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
      const video = view.current
      if (over || !video) return off()
      // Another program takes it, or its plug is pulled.
      stream.getVideoTracks()[0]!.onended = () => setState('busy')
      video.srcObject = stream
      await video.play()
      const read = await codeReader()
      if (over) return
      setState('on')
      const canvas = document.createElement('canvas')
      const pencil = canvas.getContext('2d', { willReadFrequently: true })!
      const look = async () => {
        const { videoWidth: width, videoHeight: height } = video
        if (width && height) {
          canvas.width = width
          canvas.height = height
          pencil.drawImage(video, 0, 0)
          const found = await read(canvas)
          if (over) return
          if (found) tell(found)
        }
        timer = setTimeout(() => void look().catch(fail), EVERY_MS)
      }
      await look()
    }
    const fail = (error: unknown) => {
      off()
      if (!over) setState(problemOf(error))
    }
    setState('starting')
    begin().catch(fail)
    return () => {
      over = true
      clearTimeout(timer)
      off()
    }
  }, [attempt])

  if (state !== 'starting' && state !== 'on')
    return (
      <Banner
        tone="warning"
        announce
        actions={
          <Button size="sm" onClick={() => setAttempt(attempt + 1)}>
            {say('again')}
          </Button>
        }
      >
        {say(state)}
      </Banner>
    )
  return (
    <div className="relative w-full max-w-sm self-center">
      <video
        ref={view}
        muted
        playsInline
        aria-label={say('picture')}
        className="aspect-square w-full rounded-card bg-sunken object-cover"
      />
      {state === 'starting' ? (
        <p role="status" className="absolute inset-0 flex items-center justify-center p-4 text-center text-soft">
          {say('starting')}
        </p>
      ) : null}
    </div>
  )
}

function problemOf(error: unknown): Problem {
  // Without a secure address there is no such thing as a camera.
  if (!globalThis.navigator?.mediaDevices) return 'missing'
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing'
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy'
  return 'failed'
}
