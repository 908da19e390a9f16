'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { Banner } from '@/components/ui/status'

/** Looks through the camera until it reads a code. What it sees stays in this page. */
export function ScanCode({ onCode }: { onCode: (text: string) => void }) {
  const t = useTranslations('account')
  const view = useRef<HTMLVideoElement>(null)
  const [failed, setFailed] = useState(false)
  const read = useEffectEvent(onCode)
  useEffect(() => {
    let ended = false
    let stream: MediaStream | null = null
    const canvas = document.createElement('canvas')
    async function look() {
      const { default: jsqr } = await import('jsqr')
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
      const video = view.current
      if (ended || !video) return stop()
      video.srcObject = stream
      await video.play()
      const next = () => {
        if (ended) return
        const { videoWidth: width, videoHeight: height } = video
        const pencil = canvas.getContext('2d', { willReadFrequently: true })
        if (width && pencil) {
          canvas.width = width
          canvas.height = height
          pencil.drawImage(video, 0, 0, width, height)
          const found = jsqr(pencil.getImageData(0, 0, width, height).data, width, height)
          if (found?.data) return read(found.data)
        }
        requestAnimationFrame(next)
      }
      next()
    }
    const stop = () => stream?.getTracks().forEach((track) => track.stop())
    look().catch(() => {
      if (!ended) setFailed(true)
    })
    return () => {
      ended = true
      stop()
    }
  }, [])
  return failed ? (
    <Banner tone="warning" announce>
      {t('kit.noCamera')}
    </Banner>
  ) : (
    <video ref={view} muted playsInline aria-label={t('kit.scanning')} className="w-full rounded-card bg-sunken" />
  )
}
