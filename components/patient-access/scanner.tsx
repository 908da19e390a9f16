'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Banner } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { readPairLink, unspell } from '@/lib/browser/pairing'

const EVERY_MS = 200

/** The other device's code, by this one's camera or by hand. Pictures are looked at here and go nowhere. */
export function Scanner({ shownBy, onSecret }: { shownBy: 'own' | 'new'; onSecret: (secret: string) => void }) {
  const t = useTranslations('devices.pair')
  const video = useRef<HTMLVideoElement>(null)
  const [camera, setCamera] = useState<'off' | 'on' | 'none'>('off')
  const [typed, setTyped] = useState('')
  const [wrong, setWrong] = useState('')
  const found = useEffectEvent((text: string) => {
    const link = readPairLink(text)
    if (link?.shownBy === shownBy) onSecret(link.secret)
    else if (link) setWrong(t('wrongSide'))
  })

  useEffect(() => {
    if (camera !== 'on') return
    let stream: MediaStream | null = null
    let timer: ReturnType<typeof setInterval> | undefined
    let over = false
    const begin = async () => {
      const [{ default: jsQR }, opened] = await Promise.all([
        import('jsqr'),
        navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } }),
      ])
      stream = opened
      if (over || !video.current) return opened.getTracks().forEach((track) => track.stop())
      video.current.srcObject = opened
      await video.current.play()
      const canvas = document.createElement('canvas')
      const context = canvas.getContext('2d', { willReadFrequently: true })!
      timer = setInterval(() => {
        const { videoWidth: width, videoHeight: height } = video.current ?? { videoWidth: 0, videoHeight: 0 }
        if (!width || !height) return
        canvas.width = width
        canvas.height = height
        context.drawImage(video.current!, 0, 0)
        const { data } = context.getImageData(0, 0, width, height)
        const read = jsQR(data, width, height)
        if (read?.data) found(read.data)
      }, EVERY_MS)
    }
    begin().catch(() => {
      if (!over) setCamera('none')
    })
    return () => {
      over = true
      clearInterval(timer)
      stream?.getTracks().forEach((track) => track.stop())
    }
  }, [camera])

  return (
    <div className="flex flex-col gap-5">
      {camera === 'on' ? (
        <video
          ref={video}
          muted
          playsInline
          aria-label={t('picture')}
          className="aspect-square w-full max-w-sm self-center rounded-card bg-sunken object-cover"
        />
      ) : (
        <Button onClick={() => setCamera('on')}>{t('scan')}</Button>
      )}
      {camera === 'none' ? (
        <Banner tone="warning" announce>
          {t('noCamera')}
        </Banner>
      ) : null}
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          const secret = unspell(typed)
          setWrong(secret ? '' : t('notACode'))
          if (secret) onSecret(secret)
        }}
      >
        <TextField
          label={t('typeLabel')}
          hint={t('typeHint')}
          error={wrong || undefined}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit" className="self-start">
          {t('typeDone')}
        </Button>
      </form>
    </div>
  )
}
