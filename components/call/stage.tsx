'use client'
import { useTranslations } from 'next-intl'
import { type ReactNode, useCallback, useRef, useState } from 'react'
import { Button, IconButton } from '@/components/ui/button'
import { cx } from '@/components/ui/cx'
import { Dialog } from '@/components/ui/dialog'
import {
  CameraFlipIcon,
  ExpandIcon,
  HangUpIcon,
  LockIcon,
  MicIcon,
  MicOffIcon,
  SettingsIcon,
  SpeakerIcon,
  VideoIcon,
  VideoOffIcon,
} from '@/components/ui/icons'
import { LiveRegion } from '@/components/ui/status'
import type { CallSession } from '@/lib/browser/call-session'
import type { LocalMedia } from '@/lib/browser/media'
import { DeviceSelects } from './devices'
import { TrackAudio, TrackVideo } from './track-video'
import { useStore } from './use-store'

/** Two people and what they need at hand. The same for both sides. */
export function Stage({
  session,
  media,
  name,
  tall,
  onHangUp,
  hangUpLabel,
  children,
}: {
  session: CallSession
  media: LocalMedia
  /** The other side, as the page calls them. */
  name: string
  /** Fills a phone's screen; a pane beside notes stays small. */
  tall?: boolean
  onHangUp: () => void
  hangUpLabel?: string
  children?: ReactNode
}) {
  const t = useTranslations('call')
  const c = useTranslations('common')
  const view = useStore(session)
  const local = useStore(media)
  const stage = useRef<HTMLDivElement>(null)
  const [said, say] = useState('')
  const [devices, setDevices] = useState(false)
  const [unblock, setUnblock] = useState<(() => void) | null>(null)
  const onBlocked = useCallback((play: (() => void) | null) => setUnblock(() => play), [])
  const { room } = view
  const remote = room?.remote ?? {}
  const cameraGone = room?.remoteMuted.camera || !remote.camera

  const toggle = (source: 'camera' | 'microphone') => {
    const on = source === 'camera' ? !local.cameraOn : !local.microphoneOn
    media.setOn(source, on)
    void session.setMuted(source, !on)
    say(source === 'camera' ? t(on ? 'say.cameraOn' : 'say.cameraOff') : t(on ? 'say.unmuted' : 'say.muted'))
  }
  const quality = t(`call.${room?.quality ?? 'unknown'}`)
  const broken = room ? room.link === 'reconnecting' || room.link === 'lost' : view.handshake?.phase === 'ready'
  const notice = broken
    ? t('call.reconnecting')
    : view.offline
      ? t('waiting.offline')
      : room?.frozen
        ? t('call.frozen')
        : room?.videoHeld
          ? t('call.videoHeld')
          : null

  return (
    <section aria-label={t('call.stage')} data-theme="dark" className="text-ink">
      <LiveRegion>{said}</LiveRegion>
      <div
        ref={stage}
        className={cx(
          'relative overflow-hidden rounded-card bg-sunken',
          tall ? 'h-[calc(100dvh-19rem)] min-h-96 sm:h-[calc(100dvh-17rem)]' : 'aspect-[4/3] w-full',
        )}
      >
        <TrackVideo
          track={remote.camera ?? null}
          label={name}
          name="remote"
          className={tall ? 'sm:object-contain' : ''}
        />
        <TrackAudio track={remote.microphone ?? null} speaker={local.speaker} onBlocked={onBlocked} />
        {cameraGone ? (
          <div className="absolute inset-0 flex flex-col items-center justify-center gap-3 bg-sunken p-6 text-center text-soft">
            <VideoOffIcon size={36} />
            <p className="max-w-[60%]">
              {room?.remoteMuted.camera
                ? t('call.theirCameraOff', { name })
                : t(remote.microphone || broken ? 'call.waitingPicture' : 'call.notYet', { name })}
            </p>
          </div>
        ) : null}

        <p className="absolute start-3 top-3 inline-flex max-w-[70%] items-center gap-2 rounded-full bg-ground/85 px-3 py-1.5 text-sm">
          <LockIcon size={16} />
          <span className="truncate">
            {name}
            <span className="sr-only">. {t('call.encrypted')}</span>
          </span>
          {room?.remoteMuted.microphone ? (
            <span className="inline-flex" title={t('call.theirMicOff', { name })}>
              <MicOffIcon size={16} />
              <span className="sr-only">{t('call.theirMicOff', { name })}</span>
            </span>
          ) : null}
        </p>
        <p
          data-call="quality"
          className="absolute end-3 top-3 rounded-full bg-ground/85 px-3 py-1.5 text-sm"
          title={t('call.quality', { quality })}
        >
          <Bars quality={room?.quality ?? 'unknown'} />
          <span className="sr-only">{t('call.quality', { quality })}</span>
        </p>

        <div
          className={cx(
            'absolute end-3 overflow-hidden rounded-control border border-edge bg-ground shadow-mid',
            tall ? 'bottom-24 w-28 sm:w-52' : 'bottom-20 w-24 sm:w-32',
          )}
        >
          <div className="aspect-[4/3]">
            {local.cameraOn && local.camera ? (
              <TrackVideo track={local.camera} label={t('call.self')} name="local" mirrored />
            ) : (
              <p className="flex h-full items-center justify-center p-2 text-center text-xs text-soft">
                {t('call.selfOff')}
              </p>
            )}
          </div>
        </div>

        <div className="absolute inset-x-0 bottom-0 flex flex-wrap items-center justify-center gap-2.5 bg-gradient-to-t from-ground/90 to-transparent px-3 pt-8 pb-3">
          <IconButton
            size={tall ? 'lg' : 'md'}
            variant={local.microphoneOn ? 'secondary' : 'primary'}
            label={t(local.microphoneOn ? 'call.mute' : 'call.unmute')}
            icon={local.microphoneOn ? <MicIcon /> : <MicOffIcon />}
            disabled={!local.microphone}
            onClick={() => toggle('microphone')}
          />
          <IconButton
            size={tall ? 'lg' : 'md'}
            variant={local.cameraOn ? 'secondary' : 'primary'}
            label={t(local.cameraOn ? 'call.cameraOff' : 'call.cameraOn')}
            icon={local.cameraOn ? <VideoIcon /> : <VideoOffIcon />}
            disabled={!local.camera}
            onClick={() => toggle('camera')}
          />
          {local.cameras.length > 1 && tall ? (
            <IconButton
              size="lg"
              variant="secondary"
              className="sm:hidden"
              label={t('call.flip')}
              icon={<CameraFlipIcon />}
              onClick={() => void media.flip()}
            />
          ) : null}
          <IconButton
            size={tall ? 'lg' : 'md'}
            variant="secondary"
            label={t('call.devices')}
            icon={<SettingsIcon />}
            onClick={() => setDevices(true)}
          />
          <IconButton
            size={tall ? 'lg' : 'md'}
            variant="secondary"
            className="max-sm:hidden"
            label={t('call.full')}
            icon={<ExpandIcon />}
            onClick={() =>
              void (document.fullscreenElement ? document.exitFullscreen() : stage.current?.requestFullscreen())
            }
          />
          <IconButton
            size={tall ? 'lg' : 'md'}
            variant="filled"
            label={hangUpLabel ?? t('call.hangUp')}
            icon={<HangUpIcon />}
            onClick={onHangUp}
          />
        </div>

        {unblock ? (
          <div className="absolute inset-0 flex items-center justify-center bg-scrim p-6">
            <Button
              variant="primary"
              icon={<SpeakerIcon />}
              onClick={() => {
                unblock()
                setUnblock(null)
              }}
            >
              {t('call.tapToHear', { name })}
            </Button>
          </div>
        ) : null}
      </div>
      {/* Always there, so that a change of it is read out. */}
      <p
        role="status"
        className={cx('text-sm', notice ? 'mt-2 rounded-control bg-warning-wash px-3 py-2 text-warning' : 'sr-only')}
      >
        {notice}
      </p>
      {children}
      <Dialog title={t('call.devices')} closeLabel={c('close')} open={devices} onOpenChange={setDevices}>
        <DeviceSelects media={media} view={local} />
      </Dialog>
    </section>
  )
}

const heights = ['h-1.5', 'h-2.5', 'h-3.5'] as const
function Bars({ quality }: { quality: 'good' | 'fair' | 'poor' | 'unknown' }) {
  const lit = { good: 3, fair: 2, poor: 1, unknown: 0 }[quality]
  return (
    <span className="inline-flex h-4 items-end gap-0.5" aria-hidden>
      {heights.map((height, index) => (
        <span
          key={height}
          className={cx('w-1 rounded-sm', height, index < lit ? (lit === 1 ? 'bg-warning' : 'bg-success') : 'bg-edge')}
        />
      ))}
    </span>
  )
}
