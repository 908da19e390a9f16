'use client'
import { useTranslations } from 'next-intl'
import { Button } from '@/components/ui/button'
import { Disclosure } from '@/components/ui/card'
import { VideoOffIcon } from '@/components/ui/icons'
import type { LocalMedia } from '@/lib/browser/media'
import { DeviceSelects, LevelMeter, MediaTrouble } from './devices'
import { TrackVideo } from './track-video'
import { useStore } from './use-store'

/** Seen and heard? Nobody else sees or hears it yet. */
export function DeviceCheck({ media, onEnter, busy }: { media: LocalMedia; onEnter?: () => void; busy: boolean }) {
  const t = useTranslations('call.check')
  const view = useStore(media)
  const nothing = view.opened && !view.camera && !view.microphone
  return (
    <div className="grid gap-6 lg:grid-cols-[1.4fr_1fr]">
      <div>
        <div data-theme="dark" className="relative aspect-video overflow-hidden rounded-card bg-sunken">
          <TrackVideo track={view.camera} label={t('preview')} name="local" mirrored />
          {!view.camera ? (
            <p className="absolute inset-0 flex flex-col items-center justify-center gap-3 p-6 text-center text-soft">
              <VideoOffIcon size={32} />
              {view.opened ? t('cameraOff') : t('asking')}
            </p>
          ) : null}
        </div>
        <div className="mt-4 grid gap-1.5">
          <LevelMeter media={media} label={t('level')} />
          <p className="text-sm text-soft">{t('speak')}</p>
        </div>
      </div>
      <div className="grid content-start gap-5">
        <MediaTrouble media={media} view={view} />
        {onEnter ? (
          <Button variant="primary" size="lg" block busy={busy || !view.opened} onClick={onEnter}>
            {nothing ? t('enterWithout') : t('enter')}
          </Button>
        ) : null}
        <Disclosure summary={t('settings')}>
          <DeviceSelects media={media} view={view} />
        </Disclosure>
      </div>
    </div>
  )
}
