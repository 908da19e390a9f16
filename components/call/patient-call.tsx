'use client'
import { NextIntlClientProvider, useTranslations } from 'next-intl'
import { type ReactNode, useEffect, useEffectEvent, useRef, useState } from 'react'
import { mineMark, visitKey } from '@/components/booking/own'
import { Button } from '@/components/ui/button'
import { Banner, EmptyState, LiveRegion, SkeletonPage } from '@/components/ui/status'
import { CheckCircleIcon, ShieldIcon, VideoIcon, WarningIcon } from '@/components/ui/icons'
import { callsSupported, openLink, PatientCall, type PatientDoor } from '@/lib/browser/call-client'
import type { CallCode } from '@/lib/browser/call-session'
import { LocalMedia } from '@/lib/browser/media'
import { ownZone } from '@/lib/browser/zone'
import type { Locale, Messages } from '@/lib/messages/catalogue'
import { DeviceCheck } from './device-check'
import { SafetyCode } from './safety-code'
import { Stage } from './stage'
import { Back, Stopped } from './stopped'
import { useNow, useStore } from './use-store'
import { WaitingRoom } from './waiting-room'

type CallMessages = Pick<Messages, 'call' | 'errors' | 'common'>

/** The patient's call, loaded when the first button is pressed: words and code come with it. */
export default function PatientCallPage(props: { appointmentId: string; locale: Locale; messages: CallMessages }) {
  return (
    <NextIntlClientProvider locale={props.locale} messages={props.messages} timeZone={ownZone()}>
      <Patient appointmentId={props.appointmentId} />
    </NextIntlClientProvider>
  )
}

/** Remembered for this tab: a reload in the middle of a call goes back to it. */
const inCallKey = (appointmentId: string) => `curtain.in-call:${appointmentId}`
const NOT_BEFORE_OPENING_MS = 500

type Step =
  | { at: 'opening' }
  | { at: 'check'; door: PatientDoor; busy: boolean }
  | { at: 'early'; door: PatientDoor }
  | { at: 'inside'; door: PatientDoor; session: PatientCall; joined: boolean }
  | { at: 'left'; door: PatientDoor; how: 'hung-up' | 'ended' | 'refused' }
  | { at: 'stopped'; door: PatientDoor | null; code: CallCode }

function Patient({ appointmentId }: { appointmentId: string }) {
  const t = useTranslations('call')
  const [step, setStep] = useState<Step>({ at: 'opening' })
  const [media] = useState(() => new LocalMedia())
  const zone = ownZone()
  const knocking = useRef(0)

  const supported = callsSupported()
  const begin = useEffectEvent(async (signal: AbortSignal) => {
    const visit = sessionStorage.getItem(visitKey(appointmentId))
    const opened = await openLink(appointmentId, location.hash || (visit ? `#s=${visit}` : ''))
    if (signal.aborted) return
    if (!opened.ok) return setStep({ at: 'stopped', door: null, code: opened.code })
    const door = opened.value
    await media.open()
    if (signal.aborted) return
    if (new Date(door.lobby.opensAt) > new Date()) return setStep({ at: 'early', door })
    // Back after a reload: the check was passed before, and the practitioner lets this device in again.
    if (sessionStorage.getItem(inCallKey(appointmentId))) return enter(door)
    setStep({ at: 'check', door, busy: false })
  })
  useEffect(() => {
    if (!supported) return
    const gone = new AbortController()
    void begin(gone.signal)
    return () => {
      gone.abort()
      media.close()
    }
  }, [supported, media])

  async function enter(door: PatientDoor) {
    setStep({ at: 'check', door, busy: true })
    const knocked = await PatientCall.knock(appointmentId, door)
    if (!knocked.ok) {
      if (knocked.code === 'TOO_EARLY') return setStep({ at: 'early', door })
      return setStep({ at: 'stopped', door, code: knocked.code })
    }
    const session = knocked.value
    session.keepTracks(() => media.tracks())
    media.onTrack = (track) => void session.replaceTrack(track)
    session.onKnockAgain = () => void again(door, session)
    // Its keys are kept here: once the practitioner says "matches", the appointment's page opens what is granted to them.
    if (session.home === 'stored') localStorage.setItem(mineMark(appointmentId), '1')
    setStep({ at: 'inside', door, session, joined: false })
  }

  /** A newer knock of this device, a grown chain, a practitioner who reloaded: the same person, another epoch. */
  async function again(door: PatientDoor, session: PatientCall) {
    if (Date.now() - knocking.current < 3_000) return
    knocking.current = Date.now()
    await session.close()
    const fresh = await openLink(appointmentId, `#s=${door.secret}`)
    await enter(fresh.ok ? fresh.value : door)
  }

  async function stop(door: PatientDoor, session: PatientCall, code: CallCode) {
    if (code === 'CHAIN_SHORTER') {
      // The clinic's chain may have grown since: then the same practitioner is known by the newer one. If it has not, this
      // is nobody of the clinic.
      const fresh = await openLink(appointmentId, `#s=${door.secret}`)
      const grown = fresh.ok && fresh.value.lobby.statements.length > door.lobby.statements.length
      if (grown) return again(fresh.value, session)
    }
    void session.close()
    setStep({ at: 'stopped', door, code })
  }

  if (!supported) {
    return (
      <EmptyState page icon={WarningIcon} title={t('unsupportedTitle')} action={<Back appointmentId={appointmentId} />}>
        {t('unsupportedText')}
      </EmptyState>
    )
  }
  switch (step.at) {
    case 'opening':
      return <SkeletonPage label={t('opening')} />
    case 'check':
      return (
        <Titled title={t('check.title')} lead={t('check.lead')} trust={step.door.trust}>
          <DeviceCheck media={media} busy={step.busy} onEnter={() => void enter(step.door)} />
        </Titled>
      )
    case 'early':
      return (
        <Early
          door={step.door}
          media={media}
          zone={zone}
          onOpen={() => setStep({ at: 'check', door: step.door, busy: false })}
        />
      )
    case 'inside':
      return (
        <Inside
          appointmentId={appointmentId}
          media={media}
          zone={zone}
          session={step.session}
          trust={step.door.trust}
          joined={step.joined}
          onJoin={() => {
            sessionStorage.setItem(inCallKey(appointmentId), '1')
            setStep({ ...step, joined: true })
            void step.session.join(media.tracks())
          }}
          onGone={(how) => {
            sessionStorage.removeItem(inCallKey(appointmentId))
            setStep({ at: 'left', door: step.door, how })
          }}
          onStopped={(code) => {
            void stop(step.door, step.session, code)
          }}
        />
      )
    case 'left':
      return <Left how={step.how} door={step.door} appointmentId={appointmentId} onBack={() => void enter(step.door)} />
    case 'stopped':
      return (
        <Stopped
          code={step.code}
          appointmentId={appointmentId}
          door={step.door}
          zone={zone}
          onAgain={() => location.reload()}
        />
      )
  }
}

function Inside({
  appointmentId,
  session,
  trust,
  media,
  zone,
  joined,
  onJoin,
  onGone,
  onStopped,
}: {
  appointmentId: string
  session: PatientCall
  trust: PatientDoor['trust']
  media: LocalMedia
  zone: string
  joined: boolean
  onJoin: () => void
  onGone: (how: 'hung-up' | 'ended' | 'refused') => void
  onStopped: (code: CallCode) => void
}) {
  const t = useTranslations('call')
  const view = useStore(session)
  const { sync, handshake, problem } = view
  const name = sync.practitioner.name
  const gone = sync.state === 'refused' ? 'refused' : sync.call === 'ended' ? 'ended' : null
  const leaving = useEffectEvent(onGone)
  const stopping = useEffectEvent(onStopped)
  const joining = useEffectEvent(onJoin)
  useEffect(() => {
    if (!gone) return
    void session.close()
    leaving(gone)
  }, [gone, session])
  useEffect(() => {
    if (problem) stopping(problem)
  }, [problem])
  const ready = handshake?.phase === 'ready' && view.room?.link === 'connected'
  useEffect(() => {
    if (ready && !joined && sessionStorage.getItem(inCallKey(appointmentId))) joining()
  }, [ready, joined, appointmentId])

  if (!joined) {
    return (
      <Titled title={t('title')} eyebrow={t('eyebrow', { practitioner: name })} trust={trust}>
        <WaitingRoom
          session={session}
          media={media}
          zone={zone}
          onJoin={onJoin}
          onLeave={() => void session.leave().then(() => onGone('hung-up'))}
        />
      </Titled>
    )
  }
  return (
    <>
      <h1 className="sr-only">{t('title')}</h1>
      <LiveRegion>{view.room?.remote.microphone ? t('say.theyJoined', { name }) : t('say.joined')}</LiveRegion>
      <Stage
        session={session}
        media={media}
        name={name}
        tall
        onHangUp={() => void session.leave().then(() => onGone('hung-up'))}
      />
      {handshake?.safetyCode ? (
        <div className="mx-auto mt-4 max-w-md">
          <SafetyCode code={handshake.safetyCode} name={name}>
            <p className="mt-2 text-center text-sm text-soft">{t('code.read')}</p>
          </SafetyCode>
        </div>
      ) : null}
    </>
  )
}

function Early({
  door,
  media,
  zone,
  onOpen,
}: {
  door: PatientDoor
  media: LocalMedia
  zone: string
  onOpen: () => void
}) {
  const t = useTranslations('call')
  const now = useNow(1_000)
  const opensAt = new Date(door.lobby.opensAt)
  const open = useEffectEvent(onOpen)
  const isOpen = now.getTime() > opensAt.getTime() + NOT_BEFORE_OPENING_MS
  useEffect(() => {
    if (isOpen) open()
  }, [isOpen])
  return (
    <Titled
      title={t('tooEarlyTitle')}
      eyebrow={t('eyebrow', { practitioner: door.lobby.practitioner })}
      trust={door.trust}
    >
      <Banner tone="info" className="mb-6">
        {t('tooEarlyText', { date: opensAt, timeZone: zone })}
      </Banner>
      <DeviceCheck media={media} busy={false} />
    </Titled>
  )
}

function Left({
  how,
  door,
  appointmentId,
  onBack,
}: {
  how: 'hung-up' | 'ended' | 'refused'
  door: PatientDoor
  appointmentId: string
  onBack: () => void
}) {
  const t = useTranslations('call.after')
  const practitioner = door.lobby.practitioner
  if (how === 'refused') {
    return (
      <EmptyState page icon={ShieldIcon} title={t('refusedTitle')} action={<Back appointmentId={appointmentId} />}>
        {t('refusedText')}
      </EmptyState>
    )
  }
  return (
    <EmptyState
      page
      icon={how === 'ended' ? CheckCircleIcon : VideoIcon}
      title={how === 'ended' ? t('endedTitle') : t('title')}
      action={
        <div className="flex flex-wrap justify-center gap-2.5">
          {how === 'hung-up' ? (
            <Button variant="primary" onClick={onBack}>
              {t('back')}
            </Button>
          ) : null}
          <Back appointmentId={appointmentId} />
        </div>
      }
    >
      {t('text', { practitioner })}
    </EmptyState>
  )
}

function Titled({
  title,
  eyebrow,
  lead,
  trust,
  children,
}: {
  title: string
  eyebrow?: string
  lead?: string
  /** Of the clinic's key. Taken from this site alone, it is told as that before anything is said. */
  trust: PatientDoor['trust']
  children: ReactNode
}) {
  const t = useTranslations('call.check')
  return (
    <>
      <header className="mb-6">
        {eyebrow ? <p className="eyebrow mb-1">{eyebrow}</p> : null}
        <h1 className="text-2xl sm:text-3xl">{title}</h1>
        {lead ? <p className="mt-2 max-w-prose text-lg text-soft">{lead}</p> : null}
      </header>
      {trust === 'first-use' ? (
        <p data-call="first-use" className="mb-5 flex max-w-prose gap-2.5 text-sm text-soft">
          <ShieldIcon size={18} className="mt-0.5 shrink-0" /> {t('firstUse')}
        </p>
      ) : null}
      {children}
    </>
  )
}
