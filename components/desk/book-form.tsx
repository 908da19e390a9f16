import { useLocale, useTranslations } from 'next-intl'
import { useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { type CompanionFaults, emptyCompanion, mended, readCompanion } from '@/components/companion/draft'
import { WhoFields } from '@/components/companion/who-fields'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Select, TextField } from '@/components/ui/text-field'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import {
  bookCaller,
  bookKnown,
  bookSeriesForCaller,
  bookSeriesForKnown,
  type Caller,
  newSeriesTicket,
  newTicket,
} from '@/lib/browser/desk-book'
import { type DeskBooked, type DeskOptions, type DeskService, mostVisits } from '@/lib/desk/rules'
import { formatMoney } from '@/lib/money'
import { type CancellationPolicy, type PartOfPrice, partOfPrice } from '@/lib/price/rules'
import { dayIn, formatDay, formatTime } from '@/lib/time'
import { readCode } from '@/lib/voucher/rules'
import type { Pointed } from './book-dialog'
import { CallerForm, type CallerFaults, emptyCaller } from './caller'
import { RepeatPart } from './repeat-part'
import { showFault } from './show-fault'
import type { KnownPerson } from './use-known'
import { isFine, useSeries } from './use-series'
import { type Chosen, type Typed, WhenPart } from './when-part'
import { WhoCalls } from './who-calls'

export interface Made extends DeskBooked {
  linkSecret: string
  practitioner: string
  locale: 'en' | 'fr'
}
interface Props {
  options: DeskOptions
  at: Pointed | null
  onMade: (made: Made) => void
  onClose: () => void
}

export function BookForm({ options, at, onMade, onClose }: Props) {
  const t = useTranslations('desk')
  const c = useTranslations('common')
  const along = useTranslations('companion')
  const locale = useLocale()
  const reason = useReason()
  // One booking, however often it is sent.
  const [ticket] = useState(newTicket)
  const [seriesTicket] = useState(() => newSeriesTicket(ticket, mostVisits))
  const offered = at ? options.services.filter((each) => each.practitionerIds.includes(at.memberId)) : options.services
  const [service, setService] = useState<DeskService>(
    offered.find(({ id }) => id === at?.serviceId) ?? offered[0] ?? options.services[0]!,
  )
  const [memberId, setMemberId] = useState(at && offered.length ? at.memberId : '')
  const pointed =
    at && offered.length && Date.parse(at.startsAt) > Date.now() ? { ...at, siteId: null, place: null } : null
  const [chosen, setChosen] = useState<Chosen | null>(pointed)
  const [typed, setTyped] = useState<Typed>(
    pointed
      ? {
          day: dayIn(options.zone, new Date(pointed.startsAt)),
          time: formatTime(new Date(pointed.startsAt), options.zone, 'en'),
        }
      : { day: '', time: '' },
  )
  const [caller, setCaller] = useState<Caller>(() => emptyCaller(options.locale))
  const [known, setKnown] = useState<KnownPerson | null>(null)
  const [faults, setFaults] = useState<CallerFaults>({})
  const [timeFault, setTimeFault] = useState<string | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const [isOutside, setOutside] = useState(false)
  const [beside, setBeside] = useState(false)
  const [lost, setLost] = useState(0)
  const [seriesFault, setSeriesFault] = useState<string | null>(null)
  const [voucher, setVoucher] = useState('')
  const [voucherFault, setVoucherFault] = useState<string | null>(null)
  const [companionId] = useState(() => crypto.randomUUID())
  const [companion, setCompanion] = useState(() => emptyCompanion(options.locale))
  const [companionFaults, setCompanionFaults] = useState<CompanionFaults>({})
  const form = useRef<HTMLFormElement>(null)
  const outside = isOutside || chosen?.place?.outside === true
  /** Beside others a time may be taken, as long as there is room. */
  const inTheWay = ({ place }: Pick<Chosen, 'place'>): string | null => {
    if (!place) return null
    if (beside) return place.walkIns.left > 0 ? null : reason('WALK_INS_FULL')
    return place.taken ? t(place.walkIns.left > 0 ? 'takenBeside' : 'taken') : null
  }
  const choose = (next: Chosen | null) => {
    setTimeFault(null)
    setOutside(false)
    setChosen(next)
  }
  const { zone } = options
  const refused = (code: string) => setFault(reason(code))
  const series = useSeries({ first: beside ? null : chosen, serviceId: service.id, zone, lost, onRefused: refused })
  const planned = series.dates.filter(({ isLeft }) => !isLeft)
  // A series is one patient's alone.
  const isGroup = service.places > 1
  const isSeries = !isGroup && planned.length > 1
  // What was chosen is asked about anew for another service, another length.
  const again = () => setChosen((now) => now && { ...now, place: null })

  /** Said above the button that was pressed, perhaps out of sight. */
  const say = (set: () => void) => {
    flushSync(set)
    showFault(form.current)
  }
  const made = (booked: DeskBooked) => {
    const { appointmentId, memberId: who } = booked
    const practitioner = options.practitioners.find((each) => each.memberId === who)?.name ?? ''
    // The earliest is not the first of the list where somebody chose a time before it.
    const { linkSecret } = seriesTicket.visits.find(({ id }) => id === appointmentId) ?? ticket
    onMade({ ...booked, linkSecret, practitioner, locale: caller.locale })
  }
  const bookAll = async ({ memberId: who, siteId }: Chosen, written: Caller | undefined) => {
    const open = planned.filter((date) => !isFine(date)).length
    if (!series.isChecked) return say(() => setSeriesFault(t('series.wait')))
    if (open) return say(() => setSeriesFault(t('series.solve', { count: open })))
    const visits = planned.map(({ startsAt, anyway }) => ({ startsAt, anyway }))
    const plan = { serviceId: service.id, memberId: who, siteId, visits }
    const answer = known
      ? await bookSeriesForKnown(seriesTicket, plan, known.patientId)
      : await bookSeriesForCaller(options.clinicId, ticket.patientId, seriesTicket, plan, written!)
    if (answer.ok) return made(answer.value)
    if (answer.code !== 'SLOT_TAKEN')
      return setFault(answer.code === 'OTHER_READERS' ? t('otherReaders') : reason(answer.code))
    const days = visits.flatMap(({ startsAt }, index) =>
      answer.fields?.[`visits.${index}`] ? formatDay(new Date(startsAt), zone, locale) : [],
    )
    say(() => {
      // All is looked at again: the list says what is in the way now.
      setLost((count) => count + 1)
      setSeriesFault(t('series.lost', { days: new Intl.ListFormat(locale).format(days) }))
    })
  }
  const { priceMinor, currency, paymentMode } = service
  const isFree = paymentMode === 'free' || priceMinor === 0

  const [book, booking] = useBusy(async () => {
    setFault(null)
    setSeriesFault(null)
    const read = CallerForm.safeParse(caller)
    const wrong: CallerFaults = {}
    if (!known && !read.success)
      for (const { path, message } of read.error.issues) wrong[path[0] as keyof Caller] ??= message
    if (!known && service.way === 'phone' && !caller.phone.trim()) wrong.phone ??= 'required'
    const isWritten = known !== null || (read.success && !wrong.phone && options.mayWrite)
    const code = isFree || isSeries ? '' : voucher.trim()
    const isNone = code !== '' && readCode(code) === null
    const asked = companion.kind && !isSeries ? readCompanion(companion, companionId) : null
    flushSync(() => {
      setFaults(wrong)
      if (!chosen) setTimeFault(t('noTime'))
      setVoucherFault(isNone ? reason.field('voucher') : null)
      setCompanionFaults(asked?.faults ?? {})
    })
    if (!chosen || !isWritten || isNone || asked?.faults) return showFault(form.current)
    if (isSeries) return bookAll(chosen, read.data)
    let { siteId } = chosen
    if (!chosen.place) {
      // Faster than the answer: what there is to ask about the time is asked first.
      const ask = { serviceId: service.id, memberId: chosen.memberId, startsAt: chosen.startsAt }
      const found = await call('desk/place', ask, { retry: true })
      if (!found.ok) return setFault(reason(found.code))
      siteId = found.value.siteId
      const next = { ...chosen, siteId, place: found.value }
      if (found.value.outside || inTheWay(next)) return say(() => choose(next))
      choose(next)
    }
    const visit = {
      ...{ serviceId: service.id, memberId: chosen.memberId, siteId },
      ...{ startsAt: chosen.startsAt, anyway: outside, beside },
      voucher: code || null,
      companion: asked && { who: asked.who, first: companion.first },
    }
    const answer = known
      ? await bookKnown(ticket, visit, known.patientId)
      : await bookCaller(options.clinicId, ticket, visit, read.data!)
    if (answer.ok) return made(answer.value)
    if (answer.code === 'VOUCHER_REFUSED') return say(() => setVoucherFault(reason(answer.code)))
    if (answer.code === 'OUTSIDE_HOURS') return say(() => setOutside(true))
    if (answer.code === 'TOO_LATE') return setFault(along('tooSoon'))
    if (answer.code === 'WALK_INS_FULL') {
      // Somebody was faster: what room there is now is asked again.
      again()
      return say(() => setTimeFault(reason(answer.code)))
    }
    if (answer.code === 'SLOT_TAKEN' || answer.code === 'SLOT_GONE') {
      setLost((count) => count + 1)
      return say(() => setTimeFault(t(answer.code === 'SLOT_TAKEN' ? 'taken' : 'gone')))
    }
    const time = answer.fields?.startsAt
    if (time) return say(() => setTimeFault(t(time === 'tooSmall' ? 'past' : 'far')))
    setFault(answer.code === 'OTHER_READERS' ? t('otherReaders') : reason(answer.code))
  })

  const practitioners = options.practitioners.filter((each) => service.practitionerIds.includes(each.memberId))
  const isTyped = voucher.trim() !== ''
  const hasVoucher = isTyped && !isSeries
  return (
    <form
      ref={form}
      noValidate
      className="flex flex-col gap-6"
      onSubmit={(event) => {
        event.preventDefault()
        void book()
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <Select
          label={t('service')}
          value={service.id}
          onChange={(event) => {
            const next = options.services.find(({ id }) => id === event.target.value)!
            setService(next)
            if (memberId && !next.practitionerIds.includes(memberId)) setMemberId('')
            if (chosen && !next.practitionerIds.includes(chosen.memberId)) choose(null)
            else again()
          }}
          options={options.services.map(({ id, name }) => ({ value: id, label: name }))}
        />
        <Select
          label={t('with')}
          value={memberId}
          onChange={(event) => {
            const next = event.target.value
            setMemberId(next)
            if (chosen && next) choose({ ...chosen, memberId: next, siteId: null, place: null })
          }}
          options={[
            { value: '', label: t('anybody') },
            ...practitioners.map((each) => ({ value: each.memberId, label: each.name })),
          ]}
        />
      </div>
      <p className="-mt-2 text-sm text-soft">
        {c(`way.${service.way}`)}. {isGroup ? `${c('inGroup', { places: service.places })}. ` : ''}
        {isFree
          ? t('free')
          : `${t('price', { price: formatMoney(priceMinor, currency, locale) })} ${t(hasVoucher ? 'byVoucher' : paymentMode === 'later' ? 'owedLater' : 'owedOnline')}`}
        {isFree ? null : <Costs policy={options.cancellation} {...{ service, hasVoucher }} />}
      </p>
      <WhenPart
        {...{ options, service, memberId, chosen, typed, lost, outside, beside }}
        onBeside={(is) => {
          setBeside(is)
          setTimeFault(null)
        }}
        fault={timeFault ?? (chosen && inTheWay(chosen))}
        onChoose={choose}
        onType={setTyped}
        onRefused={refused}
      />
      {beside || isGroup ? null : (
        <RepeatPart {...{ options, series }} startsAt={chosen?.startsAt ?? null} fault={seriesFault} />
      )}
      <p role="status" className="-mt-3 text-sm text-soft empty:hidden">
        {beside ? t('besideOnce') : null}
      </p>
      <section aria-label={t('who')}>
        <h3 className="mb-3 font-semibold">{t('who')}</h3>
        <WhoCalls
          {...{ options, caller, faults, known }}
          onCaller={(part) => {
            setCaller((now) => ({ ...now, ...part }))
            setFaults((now) => Object.fromEntries(Object.entries(now).filter(([name]) => !(name in part))))
          }}
          onKnown={setKnown}
        />
        <p role="status" className="mt-3 text-sm text-soft empty:hidden">
          {fits(service, known) ? null : t(`fits.${service.audience as 'follow_up'}`)}
        </p>
      </section>
      <section aria-label={along('who.title')}>
        <h3 className="mb-3 font-semibold">{along('who.title')}</h3>
        {isSeries ? (
          <p className="text-soft">{along('who.series')}</p>
        ) : (
          <WhoFields
            booking
            draft={companion}
            faults={companionFaults}
            way={service.way}
            onDraft={(part) => {
              setCompanion((now) => ({ ...now, ...part }))
              setCompanionFaults((now) => mended(now, part))
            }}
          />
        )}
      </section>
      {isFree ? null : isSeries ? (
        isTyped ? (
          <p className="text-soft">{t('voucherSeries')}</p>
        ) : null
      ) : (
        <TextField
          className="max-w-sm"
          label={t('voucher')}
          optional={c('optional')}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          value={voucher}
          error={voucherFault}
          onChange={(event) => {
            setVoucher(event.target.value)
            setVoucherFault(null)
          }}
        />
      )}
      {fault ? (
        <p role="alert" className="text-danger">
          {fault}
        </p>
      ) : null}
      <div className="flex flex-col-reverse gap-2.5 sm:flex-row sm:justify-end">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button type="submit" variant="primary" busy={booking}>
          {isSeries
            ? t('series.submit', { count: planned.length })
            : companion.kind && companion.first
              ? along('submitFirst')
              : t(outside ? 'anyway' : 'submit')}
        </Button>
      </div>
    </form>
  )
}

/** Whether a service is for who calls, as far as the clinic knows them. */
const fits = ({ audience }: DeskService, known: KnownPerson | null) =>
  audience === 'anyone' || (audience === 'follow_up') === (known?.hasBeen ?? false)

/** What the caller is to be told of changing their mind. */
function Costs({
  policy,
  service,
  hasVoucher,
}: {
  policy: CancellationPolicy
  service: DeskService
  hasVoucher: boolean
}) {
  const t = useTranslations('desk')
  const locale = useLocale()
  const part = (of: PartOfPrice) => partOfPrice(service.priceMinor, service.currency, of)
  const amount = (minor: number) => formatMoney(minor, service.currency, locale)
  const [late, missed] = [part(policy.lateFee), part(policy.noShowFee)]
  const hours = policy.freeUntilMinutes / 60
  if (hasVoucher)
    return (
      <>
        {late === service.priceMinor ? ` ${t('voucherLate', { hours })}` : null}
        {missed === service.priceMinor ? ` ${t('voucherMissed')}` : null}
      </>
    )
  return (
    <>
      {late ? ` ${t('cancelLate', { hours, amount: amount(late) })}` : null}
      {missed ? ` ${t('cancelMissed', { amount: amount(missed) })}` : null}
    </>
  )
}
