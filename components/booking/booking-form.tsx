'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { type MouseEvent, useCallback, useEffect, useRef, useState } from 'react'
import { FormProvider, useForm, useWatch } from 'react-hook-form'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Steps } from '@/components/ui/progress'
import { Banner, LiveRegion, Skeleton } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import type { BookingOffer, Hold } from '@/lib/booking/rules'
import { slotName } from '@/lib/slot/rules'
import { prepareDevice } from '@/lib/browser/booking-device'
import { forgetTicket, markBooked, takeSlot, type Slot, type Ticket } from '@/lib/browser/booking-hold'
import { sendBooking } from '@/lib/browser/booking-send'
import { forgetVisit, markBeen } from '@/lib/browser/earlier-visit'
import { vault } from '@/lib/browser/vault'
import { formatMoney } from '@/lib/money'
import { saysAlike } from '@/lib/price/rules'
import { DeviceNotes } from './device-notes'
import { HoldNote } from './hold-note'
import { LostSlot } from './lost-slot'
import { mineMark, visitKey } from './own'
import { Stranger } from './stranger'
import { ConsentStep, QuestionsStep, ReviewStep, signsForWhom } from './late-steps'
import { emptyValues, schemaOf, stepsOf, type StepName, type Values } from './values'
import { fitting, type FormDevice, isOffered } from './fitting'
import { WhoStep } from './who-step'
import { WrongAnswers } from './wrong-answers'

type Phase =
  | { is: 'preparing' }
  | { is: 'refused'; why: 'old-browser' | 'forged' | 'failed' }
  | { is: 'stranger' }
  | { is: 'ready'; device: FormDevice }
interface Draft {
  values: Values
  step: StepName
}

const draftName = (offer: BookingOffer) => `booking:${offer.clinicId}:${offer.service.id}`
const stepInAddress = () => new URLSearchParams(location.search).get('step')

export function BookingForm({ offer }: { offer: BookingOffer }) {
  const t = useTranslations('booking')
  const errorText = useTranslations('errors')
  const steps = stepsOf(offer)
  const [phase, setPhase] = useState<Phase>({ is: 'preparing' })
  const [slot, setSlot] = useState<Slot>(offer.slot)
  const [hold, setHold] = useState<Hold | 'taking' | 'working' | 'lost' | 'over'>('taking')
  const [terms, setTerms] = useState<Hold['cancelling'] | null>(null)
  const [step, setStep] = useState<StepName>('who')
  const [problem, setProblem] = useState('')
  const [status, setStatus] = useState('')
  const stepNow = useRef<StepName>('who')
  /** All that was typed so far is kept on this device. */
  const [isKept, setKept] = useState(false)
  const changes = useRef(0)
  const heading = useRef<HTMLHeadingElement>(null)
  const summary = useRef<HTMLDivElement>(null)
  const form = useForm<Values>({
    defaultValues: emptyValues,
    // Wrong answers are named when they are handed in, then as they are put right.
    mode: 'onSubmit',
    reValidateMode: 'onChange',
    shouldFocusError: false,
    resolver: (values, context, options) =>
      zodResolver(schemaOf(stepNow.current, offer) as never)(values as never, context, options as never) as never,
  })

  const show = useCallback((next: StepName, how: 'push' | 'replace' | 'none') => {
    stepNow.current = next
    setStep(next)
    setProblem('')
    if (how === 'none') return
    const url = new URL(location.href)
    url.searchParams.set('step', next)
    history[how === 'push' ? 'pushState' : 'replaceState'](null, '', url)
    requestAnimationFrame(() => heading.current?.focus())
  }, [])

  const goToAppointment = ({ id, linkSecret }: Ticket) =>
    location.assign(`/a/${id}${sessionStorage.getItem(visitKey(id)) ? '' : `#s=${linkSecret}`}`)

  const take = useCallback(
    async (wanted: Slot) => {
      setHold('taking')
      const taken = await takeSlot(offer, wanted, () => setHold('working'))
      if (!taken.ok) {
        if (taken.code === 'SLOT_TAKEN' || taken.code === 'SLOT_GONE' || taken.code === 'HOLD_EXPIRED') setHold('lost')
        else setProblem(taken.code)
        return null
      }
      if (!taken.value.hold) return (goToAppointment(taken.value.ticket), null)
      setHold(taken.value.hold)
      const { cancelling } = taken.value.hold
      setTerms(cancelling)
      return { ticket: taken.value.ticket, cancelling }
    },
    [offer],
  )

  // The device is looked at and the slot held before anything is asked; what was typed before comes back.
  useEffect(() => {
    let gone = false
    void (async () => {
      const prepared = await prepareDevice(offer.clinicId)
      if (gone) return
      if (!prepared.ok) return setPhase({ is: 'refused', why: prepared.why })
      const device = await fitting(offer, prepared.device)
      if (gone) return
      // No time is held for who could not book it.
      if (!device) return setPhase({ is: 'stranger' })
      if (device.known.some(({ hasBeen }) => hasBeen)) markBeen(offer.clinicSlug)
      const draft = await vault().loadDraft<Draft>(draftName(offer))
      if (draft) {
        form.reset({ ...emptyValues, ...draft.values })
        // Begun for somebody else than may have it now.
        if (device.known[0] && !isOffered(device, draft.values.patient))
          choosePatient(device.known[0].handle.patientId, device)
        setStatus(t('restored'))
        const asked = stepInAddress() as StepName | null
        if (asked && steps.includes(asked) && steps.indexOf(asked) <= steps.indexOf(draft.step)) show(asked, 'none')
      } else if (device.known[0]) choosePatient(device.known[0].handle.patientId, device)
      setPhase({ is: 'ready', device })
      await take(offer.slot)
    })()
    const onBack = () => {
      const asked = stepInAddress() as StepName | null
      show(asked && steps.includes(asked) ? asked : 'who', 'none')
    }
    addEventListener('popstate', onBack)
    // Brought back as it was left, in the middle of leaving.
    const onShown = (event: PageTransitionEvent) => event.persisted && location.reload()
    addEventListener('pageshow', onShown)
    return () => {
      gone = true
      removeEventListener('popstate', onBack)
      removeEventListener('pageshow', onShown)
    }
  }, [])

  const choosePatient = (id: string, device: FormDevice) => {
    const known = device.known.find((each) => each.handle.patientId === id)?.identity
    form.setValue('patient', id)
    if (!known) return
    for (const name of ['name', 'birthDate', 'email'] as const) form.setValue(name, known[name])
    form.setValue('phone', known.phone ?? '')
  }

  // Typing keeps the answers on this device, whatever becomes of the slot meanwhile.
  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | null = null
    const save = () => {
      if (waiting === null) return
      clearTimeout(waiting)
      waiting = null
      void saveDraft()
    }
    const watching = form.watch(() => {
      changes.current++
      setKept(false)
      if (waiting !== null) clearTimeout(waiting)
      waiting = setTimeout(save, 250)
    })
    // A phone that runs short of memory drops a page that is not looked at, and asks nobody.
    const onHidden = () => document.visibilityState === 'hidden' && save()
    document.addEventListener('visibilitychange', onHidden)
    return () => {
      save()
      watching.unsubscribe()
      document.removeEventListener('visibilitychange', onHidden)
    }
  }, [form])

  // And it keeps the slot.
  useEffect(() => {
    let renewed = performance.now()
    const watching = form.watch(() => {
      if (typeof hold !== 'object' || performance.now() - renewed < 20_000) return
      renewed = performance.now()
      void take(slot)
    })
    return () => watching.unsubscribe()
  }, [form, hold, slot])

  // On a phone the form begins below what is seen: it comes into view, so that the press is seen to have done something.
  useEffect(() => {
    if (phase.is === 'ready') heading.current?.focus()
  }, [phase.is])

  const saveDraft = async () => {
    const values = form.getValues()
    const change = ++changes.current
    setKept(false)
    if (values.shared) return vault().saveDraft(draftName(offer), '')
    await vault().saveDraft(draftName(offer), { values, step: stepNow.current } satisfies Draft)
    if (change === changes.current) setKept(true)
  }

  const goOn = form.handleSubmit(
    async () => {
      const next = steps[steps.indexOf(stepNow.current) + 1]
      if (!next) return book()
      show(next, 'push')
      await saveDraft()
    },
    () => requestAnimationFrame(() => summary.current?.focus()),
  )

  const [book, booking] = useBusy(async () => {
    if (phase.is !== 'ready') return
    setProblem('')
    const values = form.getValues()
    for (const each of steps) {
      if (schemaOf(each, offer).safeParse(values).success) continue
      show(each, 'push')
      return void form.trigger()
    }
    setStatus(t('review.sealing'))
    if (values.shared) await forgetTicket(offer.clinicId)
    const taken = await take(slot)
    if (!taken) return setStatus('')
    const { ticket, cancelling } = taken
    // Nobody agrees to what they have not read: where it costs something else to cancel by now, they read it first.
    if (!saysAlike(terms, cancelling)) {
      setStatus('')
      return setProblem('STALE')
    }
    const known = phase.device.known.find((each) => each.handle.patientId === values.patient) ?? null
    const home = values.shared ? 'memory' : phase.device.home
    const { name, birthDate, email, phone, bookedBy, relation } = values
    const sent = await sendBooking(offer, ticket, {
      known,
      identity: {
        ...{ name: name.trim(), birthDate, email: email.trim().toLowerCase() },
        ...(phone.trim() && { phone: phone.trim() }),
        ...(values.patient === 'other' && { bookedBy: bookedBy.trim(), relation }),
      },
      reason: values.reason.trim(),
      answers: values.intake === 'now' && offer.service.intakeForm.questions.length ? values.answers : null,
      signedName: values.signedName.trim(),
      voucher: offer.service.priceMinor > 0 ? values.voucher.trim() : '',
      home,
    })
    if (!sent.ok) {
      setStatus('')
      if (sent.code === 'HOLD_EXPIRED') setHold('lost')
      if (sent.code === 'VOUCHER_REFUSED')
        return form.setError('voucher', { message: 'voucherRefused' }, { shouldFocus: true })
      if (sent.code === 'FOLLOW_UP_ONLY' && offer.onlyKnown) return setPhase({ is: 'stranger' })
      return setProblem(sent.code)
    }
    await markBooked(offer.clinicId, ticket)
    if (values.shared) sessionStorage.setItem(visitKey(ticket.id), ticket.linkSecret)
    // Tells the appointment's page that this device holds keys for it.
    if (home === 'stored') {
      localStorage.setItem(mineMark(ticket.id), '1')
      markBeen(offer.clinicSlug)
    }
    await vault().saveDraft(draftName(offer), '')
    // Kept otherwise: who comes back from Stripe's page is led on to the booking that was made.
    if (values.shared || !sent.value.checkoutUrl) {
      sessionStorage.removeItem(`curtain:started:${offer.clinicId}`)
      forgetVisit(offer.clinicId)
    }
    setStatus(sent.value.checkoutUrl ? t('toPay') : t('done'))
    if (sent.value.checkoutUrl) location.assign(sent.value.checkoutUrl)
    else goToAppointment(ticket)
    // Busy until the next page is there.
    await new Promise(() => undefined)
  })

  if (phase.is === 'preparing')
    return (
      <div role="status" aria-label={t('check.title')}>
        <p className="mb-3 text-soft">{t('check.title')}</p>
        <Skeleton className="h-64 rounded-card" />
      </div>
    )
  if (phase.is === 'refused') return <DeviceNotes refused={phase.why} />
  if (phase.is === 'stranger' && offer.onlyKnown)
    return <Stranger slug={offer.clinicSlug} onlyKnown={offer.onlyKnown} />
  if (phase.is !== 'ready') return null
  if (hold === 'lost')
    return (
      <LostSlot
        offer={offer}
        onPick={(picked) => {
          setSlot(picked)
          const url = new URL(location.href)
          url.searchParams.set('slot', slotName(picked))
          history.replaceState(null, '', url)
          setTerms(null)
          void take(picked)
        }}
      />
    )

  const at = steps.indexOf(step)
  const signsFor = signsForWhom(form.getValues(), phase.device)
  return (
    <FormProvider {...form}>
      <HoldNote
        hold={hold}
        practitioners={offer.practitioners}
        onOver={() => setHold((now) => (typeof now === 'object' ? 'over' : now))}
      />
      <DeviceNotes device={phase.device} calls={offer.service.way === 'video'} />
      <div className="my-6">
        <Steps
          steps={steps.map((each) => ({ label: t(`steps.${each}`) }))}
          current={at}
          label={t('steps.label')}
          summary={t('steps.summary', { step: at + 1, total: steps.length })}
        />
      </div>
      <LiveRegion>{status}</LiveRegion>
      <form
        noValidate
        data-draft={isKept ? 'saved' : 'typed'}
        onClickCapture={onceEach}
        onSubmit={(event) => void goOn(event)}
      >
        <Card>
          <h2 ref={heading} tabIndex={-1} className="mb-5 text-xl outline-none">
            {t(
              step === 'who'
                ? 'who2.title'
                : step === 'questions'
                  ? 'questions.title'
                  : step === 'consent'
                    ? 'consent.title'
                    : 'review.title',
            )}
          </h2>
          <WrongAnswers ref={summary} offer={offer} signsFor={signsFor} />
          {step === 'who' ? (
            <WhoStep
              guardianAge={offer.guardianAge}
              isCalled={offer.service.way === 'phone'}
              device={phase.device}
              onChoose={(id) => choosePatient(id, phase.device)}
            />
          ) : null}
          {step === 'questions' ? <QuestionsStep offer={offer} /> : null}
          {step === 'consent' ? <ConsentStep offer={offer} signsFor={signsFor} /> : null}
          {step === 'review' ? <ReviewStep offer={offer} terms={terms} onEdit={(to) => show(to, 'push')} /> : null}
        </Card>
        {problem ? (
          <Banner tone="danger" className="mt-5" announce>
            {errorText(problem as 'BAD_INPUT')}
          </Banner>
        ) : null}
        <div className="mt-6 flex flex-col-reverse gap-3 sm:flex-row sm:justify-between">
          {at > 0 ? (
            <Button onClick={() => history.back()} disabled={booking}>
              {t('prev')}
            </Button>
          ) : (
            <span />
          )}
          <SubmitButton offer={offer} last={at === steps.length - 1} busy={booking} />
        </div>
        {booking ? <p className="mt-3 text-end text-sm text-soft">{status}</p> : null}
      </form>
    </FormProvider>
  )
}

/** The second half of a double click lands on the next step, whatever is there by then: it presses nothing. */
function onceEach(event: MouseEvent<HTMLFormElement>) {
  if (event.detail < 2 || !(event.target as Element).closest('button')) return
  event.preventDefault()
  event.stopPropagation()
}

function SubmitButton({ offer, last, busy }: { offer: BookingOffer; last: boolean; busy: boolean }) {
  const t = useTranslations('booking')
  const { dueMinor, currency } = offer.service
  const hasVoucher = useWatch<Values, 'voucher'>({ name: 'voucher' }).trim() !== ''
  const price = formatMoney(dueMinor, currency, offer.locale)
  return (
    <Button type="submit" variant="primary" size="lg" busy={busy} className="max-sm:w-full">
      {last ? (dueMinor > 0 && !hasVoucher ? t('review.pay', { price }) : t('review.book')) : t('next')}
    </Button>
  )
}
