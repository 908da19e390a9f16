'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { SpeakerIcon } from '@/components/ui/icons'
import { Banner } from '@/components/ui/status'
import { Select } from '@/components/ui/text-field'
import { chime, type DeviceChoice, type LocalMedia, type MediaView } from '@/lib/browser/media'

/** Moves with the voice. Read out it would only disturb: the sentence beside it says what to do. */
export function LevelMeter({ media, label }: { media: LocalMedia; label: string }) {
  const bar = useRef<HTMLDivElement>(null)
  useEffect(() => {
    let frame = 0
    let shown = 0
    const draw = () => {
      const level = media.level()
      shown = level > shown ? level : shown * 0.9
      if (bar.current) {
        bar.current.style.transform = `scaleX(${shown.toFixed(3)})`
        bar.current.dataset.level = shown.toFixed(3)
      }
      frame = requestAnimationFrame(draw)
    }
    frame = requestAnimationFrame(draw)
    return () => cancelAnimationFrame(frame)
  }, [media])
  return (
    <div role="img" aria-label={label} className="h-2.5 w-full overflow-hidden rounded-full bg-line">
      <div
        ref={bar}
        data-call="level"
        className="h-full w-full origin-left scale-x-0 rounded-full bg-accent rtl:origin-right"
      />
    </div>
  )
}

export function DeviceSelects({ media, view }: { media: LocalMedia; view: MediaView }) {
  const t = useTranslations('call.check')
  const options = (choices: DeviceChoice[]) =>
    choices.map(({ id, label }, index) => ({ value: id, label: label || t('unnamed', { number: index + 1 }) }))
  const chosen = (track: MediaStreamTrack | null) => track?.getSettings().deviceId ?? ''
  const [playing, setPlaying] = useState(false)
  return (
    <div className="grid gap-4">
      {view.cameras.length > 0 ? (
        <Select
          label={t('camera')}
          options={options(view.cameras)}
          value={chosen(view.camera)}
          onChange={(event) => void media.choose('camera', event.target.value)}
        />
      ) : null}
      {view.microphones.length > 0 ? (
        <Select
          label={t('microphone')}
          options={options(view.microphones)}
          value={chosen(view.microphone)}
          onChange={(event) => void media.choose('microphone', event.target.value)}
        />
      ) : null}
      {view.speakers.length > 1 ? (
        <Select
          label={t('speaker')}
          options={[{ value: '', label: t('systemDefault') }, ...options(view.speakers)]}
          value={view.speaker}
          onChange={(event) => void media.choose('speaker', event.target.value)}
        />
      ) : null}
      <div>
        <Button
          size="sm"
          icon={<SpeakerIcon />}
          busy={playing}
          onClick={() => {
            setPlaying(true)
            void chime(view.speaker).finally(() => setPlaying(false))
          }}
        >
          {t('testSpeaker')}
        </Button>
      </div>
    </div>
  )
}

/** What is wrong with a camera or microphone, and what a person can do about it. */
export function MediaTrouble({ media, view }: { media: LocalMedia; view: MediaView }) {
  const t = useTranslations('call.problem')
  const problem = view.problems.microphone ?? view.problems.camera
  if (view.interrupted && !problem) {
    return (
      <Banner tone="warning" title={t('interruptedTitle')} announce>
        {t('interruptedText')}
      </Banner>
    )
  }
  if (!problem) return null
  return (
    <Banner
      tone="warning"
      title={t(`${problem}Title`)}
      announce
      actions={
        <Button size="sm" onClick={() => void media.open()}>
          {t('again')}
        </Button>
      }
    >
      {t(`${problem}Text`)}
    </Banner>
  )
}
