'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { keepUnlocked } from '@/components/staff/use-idle'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { AlertDialog } from '@/components/ui/dialog'
import { UserIcon, VideoIcon } from '@/components/ui/icons'
import { Banner, EmptyState, LiveRegion } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { PractitionerCall, type Visitor } from '@/lib/browser/call-client'
import type { CallCode } from '@/lib/browser/call-session'
import { LocalMedia } from '@/lib/browser/media'
import { ownZone } from '@/lib/browser/zone'
import { takeAdmitNext } from './admit-next'
import { AlsoWaiting } from './also-waiting'
import { CompareCode } from './compare-code'
import { DeviceSelects, MediaTrouble } from './devices'
import { Door } from './door'
import { MiniPicture } from './mini-picture'
import { Stage } from './stage'
import { useStore } from './use-store'

/** The practitioner's side of one appointment's call, beside the chart. Ending it leaves the notes as they are. */
export function ConsultPane({
  appointmentId,
  patientId,
  patientName,
  byDesk,
  zone = ownZone(),
}: {
  appointmentId: string
  /** The chart's: a call with another patient does not stand beside it. */
  patientId: string
  patientName?: string
  /** The desk booked for them: no device did. */
  byDesk: boolean
  /** The clinic's, as the rest of the page tells times. */
  zone?: string
}) {
  const t = useTranslations('call')
  const e = useTranslations('errors')
  const [session, setSession] = useState<PractitionerCall | null>(null)
  const [problem, setProblem] = useState<CallCode | null>(null)
  const [ended, setEnded] = useState(false)
  const [media] = useState(() => new LocalMedia())

  const [open, opening] = useBusy(async () => {
    setProblem(null)
    const opened = await PractitionerCall.open(appointmentId, patientId)
    if (!opened.ok) return setProblem(opened.code)
    setEnded(false)
    opened.value.keepTracks(() => media.tracks())
    media.onTrack = (track) => void opened.value.replaceTrack(track)
    setSession(opened.value)
  })
  // The door opens with the page: a patient who waits is seen without another click.
  const openNow = useEffectEvent(() => void open())
  useEffect(() => openNow(), [appointmentId, patientId])
  useEffect(() => () => media.close(), [media])
  useEffect(() => {
    if (!session) return
    return () => void session.leave()
  }, [session])

  const over = () => {
    media.close()
    setSession(null)
    setEnded(true)
  }
  return (
    <Card data-call="pane">
      <CardTitle>{t('pane.title')}</CardTitle>
      {problem ? (
        <Banner
          tone={problem === 'LOCKED' ? 'info' : 'danger'}
          announce
          className="mb-4"
          actions={
            <Button size="sm" busy={opening} onClick={() => void open()}>
              {t('problem.again')}
            </Button>
          }
        >
          {problem === 'LOCKED'
            ? t('pane.locked')
            : problem === 'OTHER_PATIENT'
              ? t('pane.otherPatient')
              : e(e.has(problem as 'INTERNAL') ? (problem as 'INTERNAL') : 'INTERNAL')}
        </Banner>
      ) : null}
      {ended ? (
        <div className="grid gap-4">
          <p role="status" className="text-soft">
            {t('pane.ended')}
          </p>
          <div>
            <Button busy={opening} onClick={() => void open()}>
              {t('pane.again')}
            </Button>
          </div>
        </div>
      ) : session ? (
        <Inside
          key={session.callId + session.view.sync.participantId}
          session={session}
          media={media}
          {...{ patientName, byDesk }}
          zone={zone}
          onEnd={(differs) => {
            void session.end(differs)
            over()
          }}
          onOver={over}
        />
      ) : problem ? null : (
        <p className="text-soft">{t('pane.opening')}</p>
      )}
      <AlsoWaiting appointmentId={appointmentId} zone={zone} />
    </Card>
  )
}

function Inside({
  session,
  media,
  patientName,
  byDesk,
  zone,
  onEnd,
  onOver,
}: {
  session: PractitionerCall
  media: LocalMedia
  patientName?: string
  byDesk: boolean
  zone: string
  onEnd: (differs: boolean) => void
  /** Ended from elsewhere: the encounter was completed. */
  onOver: () => void
}) {
  const t = useTranslations('call')
  const e = useTranslations('errors')
  const view = useStore(session)
  const [joined, setJoined] = useState(false)
  const [confirming, setConfirming] = useState(false)
  const stage = useRef<HTMLDivElement>(null)
  const name = patientName ?? t('call.patient')
  const { handshake, room, problem } = view
  const visitors = session.visitors()
  const guest = session.guest()
  const waiting = visitors.filter((each) => each.state === 'waiting')
  const inCall = handshake !== null && handshake.phase !== 'failed' && problem === null

  useEffect(() => (inCall ? keepUnlocked() : undefined), [inCall])
  const isOver = view.sync.call === 'ended'
  const toldOver = useEffectEvent(onOver)
  useEffect(() => {
    if (isOver) toldOver()
  }, [isOver])

  const [admit, admitting] = useBusy(async (device: Visitor) => {
    // One click: the camera opens while the two browsers agree on keys.
    await Promise.all([media.view.opened ? null : media.open(), session.admit(device)])
    setJoined(true)
  })
  // "Complete and admit next" was the click: a device that is known needs no second one.
  const first = waiting.find(({ here, trust }) => here && (trust === 'vouched' || trust === 'first-use'))
  const admitFirst = useEffectEvent((device: Visitor) => void admit(device))
  useEffect(() => {
    if (first && !inCall && takeAdmitNext(session.appointmentId)) admitFirst(first)
  }, [first, inCall, session])
  const ready = joined && handshake?.phase === 'ready' && room !== null && room.link === 'connected' && !room.joined
  const join = useEffectEvent(() => void session.join(media.tracks()))
  useEffect(() => {
    if (ready) join()
  }, [ready])

  return (
    <div className="grid gap-4">
      <LiveRegion urgent>{waiting.length > 0 && !guest ? t('say.atDoor') : ''}</LiveRegion>
      {problem ? (
        <div data-call="stopped" data-code={problem}>
          <Banner tone="danger" title={t('after.safetyTitle')} announce>
            <p>{e.has(problem as 'INTERNAL') ? e(problem as 'INTERNAL') : t('after.safetyText')}</p>
            <p className="text-sm">{t('after.reason', { code: problem })}</p>
          </Banner>
        </div>
      ) : null}
      {joined && inCall && handshake.phase !== 'alone' ? (
        <div ref={stage}>
          <Stage
            session={session}
            media={media}
            name={name}
            hangUpLabel={t('pane.end')}
            onHangUp={() => setConfirming(true)}
          />
          <MiniPicture track={room?.remote.camera ?? null} name={name} stage={stage} />
        </div>
      ) : null}
      {handshake?.phase === 'alone' ? <Banner tone="info">{t('call.alone', { name })}</Banner> : null}
      {guest && handshake?.safetyCode ? (
        <CompareCode
          // Another device is another question: what was answered for the one before says nothing of it.
          key={guest.knock.keys.sign}
          session={session}
          guest={guest}
          name={name}
          patientName={patientName ?? null}
          code={handshake.safetyCode}
          byDesk={byDesk}
          onDiffers={() => onEnd(true)}
        />
      ) : null}
      {guest && !inCall ? (
        <Banner
          tone="info"
          actions={
            <Button variant="primary" icon={<VideoIcon />} busy={admitting} onClick={() => void admit(guest)}>
              {t('pane.return')}
            </Button>
          }
        >
          {t('pane.returnText')}
        </Banner>
      ) : null}
      {waiting.length > 0 ? (
        <section aria-label={t('pane.door')}>
          <ul className="grid gap-3">
            {waiting.map((device) => (
              <Door
                key={device.participantId}
                {...{ device, byDesk, zone }}
                busy={admitting}
                onAdmit={() => void admit(device)}
                onTurnAway={() => void session.turnAway(device)}
              />
            ))}
          </ul>
        </section>
      ) : guest ? null : (
        <EmptyState icon={UserIcon} title={t('pane.nobody')}>
          {t('pane.nobodyText')}
        </EmptyState>
      )}
      {!joined ? null : <MediaTroubles media={media} />}
      {inCall ? (
        <div>
          <Button variant="quiet" size="sm" onClick={() => setConfirming(true)}>
            {t('pane.end')}
          </Button>
        </div>
      ) : null}
      <EndDialog open={confirming} onOpenChange={setConfirming} onEnd={() => onEnd(false)} />
    </div>
  )
}

function MediaTroubles({ media }: { media: LocalMedia }) {
  const view = useStore(media)
  return (
    <>
      <MediaTrouble media={media} view={view} />
      {view.problems.camera || view.problems.microphone ? <DeviceSelects media={media} view={view} /> : null}
    </>
  )
}

function EndDialog({
  open,
  onOpenChange,
  onEnd,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
  onEnd: () => void
}) {
  const t = useTranslations('call.pane')
  const c = useTranslations('common')
  return (
    <AlertDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('endTitle')}
      description={t('endText')}
      cancelLabel={c('cancel')}
      actionLabel={t('end')}
      danger
      onAction={onEnd}
    />
  )
}
