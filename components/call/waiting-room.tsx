'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { CheckCircleIcon, VideoIcon } from '@/components/ui/icons'
import { Banner, LiveRegion } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { useBusy } from '@/components/ui/use-busy'
import type { PatientCall } from '@/lib/browser/call-client'
import { chime, type LocalMedia } from '@/lib/browser/media'
import { LevelMeter, MediaTrouble } from './devices'
import { TrackVideo } from './track-video'
import { useNow, useStore } from './use-store'
import { expectedAt } from '@/lib/late/rules'

const LATE_AFTER_MS = 2 * 60_000

export function WaitingRoom({
  session,
  media,
  zone,
  onJoin,
  onLeave,
}: {
  session: PatientCall
  media: LocalMedia
  zone: string
  onJoin: () => void
  onLeave: () => void
}) {
  const t = useTranslations('call')
  const view = useStore(session)
  const local = useStore(media)
  const now = useNow()
  const { sync, handshake, room } = view
  const practitioner = sync.practitioner.name
  const admitted = sync.state === 'admitted' || sync.state === 'joined'
  const ready = handshake?.phase === 'ready' && room?.link === 'connected'
  const join = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (!ready) return
    void chime(media.view.speaker)
    join.current?.focus()
  }, [ready, media])

  const startsAt = new Date(sync.startsAt)
  // Who comes late themselves has not been kept waiting yet.
  const [came] = useState(now.getTime())
  const lateBy = now.getTime() - Math.max(startsAt.getTime(), came)
  const [wasNew] = useState(!sync.confirmed)
  const facts = { practitioner, date: startsAt, timeZone: zone }
  return (
    <div className="grid gap-6 lg:grid-cols-[1fr_1.2fr]">
      <LiveRegion urgent>{ready ? t('say.admitted') : ''}</LiveRegion>
      <div>
        <div data-theme="dark" className="relative aspect-video overflow-hidden rounded-card bg-sunken">
          <TrackVideo track={local.camera} label={t('check.preview')} name="local" mirrored />
        </div>
        <div className="mt-3">
          <LevelMeter media={media} label={t('check.level')} />
        </div>
        <div className="mt-4">
          <MediaTrouble media={media} view={local} />
        </div>
      </div>
      <div className="grid content-start gap-5">
        {ready ? (
          <Card>
            <CardTitle>{t('waiting.ready', { practitioner })}</CardTitle>
            <p className="mb-5 text-soft">{t('waiting.readyText')}</p>
            <Button ref={join} variant="primary" size="lg" block icon={<VideoIcon />} onClick={onJoin}>
              {t('waiting.join')}
            </Button>
          </Card>
        ) : (
          <Card aria-live="polite">
            <CardTitle>{admitted ? t('waiting.admitting', { practitioner }) : t('waiting.title')}</CardTitle>
            {admitted ? null : (
              <div className="grid gap-2">
                <p className="text-lg">
                  {sync.practitioner.busy
                    ? t('waiting.busy', { practitioner })
                    : sync.practitioner.signedIn
                      ? t('waiting.told', { practitioner })
                      : t('waiting.notSignedIn', { practitioner })}
                </p>
                <p data-call="position">
                  {sync.ahead === 0 ? t('waiting.next') : t('waiting.ahead', { count: sync.ahead })}
                </p>
                <p className="text-soft">
                  {sync.lateMinutes
                    ? t('waiting.runsLate', {
                        ...facts,
                        minutes: sync.lateMinutes,
                        date: expectedAt(startsAt, sync.lateMinutes),
                      })
                    : lateBy > LATE_AFTER_MS
                      ? t('waiting.late', { ...facts, minutes: Math.floor(lateBy / 60_000) })
                      : t('waiting.starts', facts)}
                </p>
                <p className="text-soft">{t('waiting.stay')}</p>
              </div>
            )}
          </Card>
        )}
        {view.offline ? (
          <Banner tone="warning" announce>
            {t('waiting.offline')}
          </Banner>
        ) : null}
        {!sync.confirmed && !admitted ? <NewDevice session={session} practitioner={practitioner} /> : null}
        {wasNew && sync.confirmed && !admitted ? (
          <Banner tone="success" announce>
            {t('device.done', { practitioner })}
          </Banner>
        ) : null}
        <div>
          <Button variant="quiet" size="sm" onClick={onLeave}>
            {t('waiting.leave')}
          </Button>
        </div>
      </div>
    </div>
  )
}

/** Normal, and said so: a phone instead of the desktop, another browser, cleared storage. */
function NewDevice({ session, practitioner }: { session: PatientCall; practitioner: string }) {
  const t = useTranslations('call.device')
  const e = useTranslations('errors')
  const [sent, setSent] = useState<number | null>(null)
  const [code, setCode] = useState('')
  const [error, setError] = useState<string | null>(null)
  const [send, sending] = useBusy(async () => {
    const answer = await session.sendCode()
    setError(answer.ok ? null : e(answer.code))
    if (answer.ok) setSent(answer.value.minutes)
  })
  const [confirm, confirming] = useBusy(async () => {
    const answer = await session.confirm(code.trim())
    setError(answer.ok ? null : e(answer.code === 'BAD_INPUT' ? 'CODE_WRONG' : answer.code))
  })
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="mb-4 text-soft">{t('text', { practitioner })}</p>
      {sent === null ? (
        <>
          <Button busy={sending} onClick={() => void send()}>
            {t('send')}
          </Button>
          {error ? (
            <p role="alert" className="mt-3 text-danger">
              {error}
            </p>
          ) : null}
        </>
      ) : (
        <form
          className="grid gap-4"
          noValidate
          onSubmit={(event) => {
            event.preventDefault()
            void confirm()
          }}
        >
          <p role="status" className="flex gap-2 text-success">
            <CheckCircleIcon size={20} />
            {t('sent', { minutes: sent })}
          </p>
          <TextField
            label={t('code')}
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={6}
            required
            value={code}
            error={error ?? undefined}
            onChange={(event) => setCode(event.target.value.replace(/\D/g, ''))}
          />
          <div className="flex flex-wrap gap-2.5">
            <Button type="submit" variant="primary" busy={confirming}>
              {t('confirm')}
            </Button>
            <Button variant="quiet" busy={sending} onClick={() => void send()}>
              {t('again')}
            </Button>
          </div>
        </form>
      )}
    </Card>
  )
}
