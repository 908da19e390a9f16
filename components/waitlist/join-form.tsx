'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { Stranger } from '@/components/booking/stranger'
import { Button, LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { LockIcon, MailIcon } from '@/components/ui/icons'
import { Banner, EmptyState, Skeleton } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import type { BookingOffer } from '@/lib/booking/rules'
import { askToWait } from '@/lib/browser/booking-hold'
import { visitBrought } from '@/lib/browser/earlier-visit'
import type { Visitor } from '@/lib/browser/known-here'
import { type Faults, startOf, useFault, WishFields, wishOf } from './wish-fields'

interface Props {
  clinicId: string
  serviceId: string
  zone: string
  locale: 'en' | 'fr'
  today: string
  lastDay: string
  chosen: { memberId: string; siteId: string }
  practitioners: { id: string; name: string }[]
  sites: { id: string; name: string }[]
  back: string
  slug: string
  recallId: string | null
  /** Null where anybody may wait for it. */
  onlyKnown: BookingOffer['onlyKnown']
}

/** A wish and a way to be reached. Sent twice it is one, by an id that this form has. */
export function JoinForm({ onlyKnown, slug, ...rest }: Props) {
  const a = useTranslations('audience')
  const { clinicId } = rest
  /** Who of this device has been there; undefined while it is looked at. */
  const [visitor, setVisitor] = useState<Visitor | null | undefined>(onlyKnown ? undefined : null)
  const [isOpen, setOpen] = useState(!onlyKnown)
  useEffect(() => {
    if (!onlyKnown) return
    void (async () => {
      const { default: findVisitor } = await import('@/lib/browser/known-here')
      const found = await findVisitor(clinicId)
      setOpen(found !== null || visitBrought(clinicId) !== null)
      setVisitor(found)
    })()
  }, [onlyKnown, clinicId])
  if (visitor === undefined)
    return (
      <div role="status" aria-label={a('stranger.looking')}>
        <Skeleton className="h-72 rounded-card" />
      </div>
    )
  if (onlyKnown && !isOpen) return <Stranger {...{ slug, onlyKnown }} />
  return <Wish {...rest} earlier={onlyKnown && visitBrought(clinicId)} visitor={visitor} />
}

function Wish({
  clinicId,
  serviceId,
  zone,
  locale,
  today,
  lastDay,
  chosen,
  back,
  recallId,
  earlier,
  visitor,
  ...choices
}: Omit<Props, 'onlyKnown' | 'slug'> & {
  earlier: { id: string; secret: string } | null
  visitor: Visitor | null
}) {
  const t = useTranslations('waitlist.page')
  const reason = useFault()
  const [id] = useState(() => crypto.randomUUID())
  const [typed, setTyped] = useState(() => ({ ...startOf(today, lastDay), ...chosen }))
  const [faults, setFaults] = useState<Faults>({})
  const [code, setCode] = useState('')
  const [sent, setSent] = useState(false)
  const [working, setWorking] = useState(false)
  const top = useRef<HTMLDivElement>(null)
  const form = useRef<HTMLFormElement>(null)
  const [join, busy] = useBusy(async () => {
    const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone || zone
    const { phone: _phone, ...wish } = wishOf(typed)
    const known = await visitor?.show(id)
    const answer = await askToWait(
      { id, clinicId, serviceId, locale, timeZone, ...wish, recallId, earlier, ...(known && { known }) },
      () => setWorking(true),
    )
    flushSync(() => {
      setWorking(false)
      setFaults((!answer.ok && answer.fields) || {})
      setCode(answer.ok ? '' : answer.code)
      setSent(answer.ok)
    })
    // The form is gone, or what is wrong in it is further up than the button.
    ;(top.current ?? form.current?.querySelector<HTMLElement>('[aria-invalid="true"]'))?.focus()
  })
  if (sent)
    return (
      <div ref={top} role="status" tabIndex={-1} className="outline-none">
        <EmptyState icon={MailIcon} title={t('sentTitle')} action={<LinkButton href={back}>{t('back')}</LinkButton>}>
          {t('sent')}
        </EmptyState>
      </div>
    )
  return (
    <form
      ref={form}
      noValidate
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault()
        void join()
      }}
    >
      <Card className="flex flex-col gap-5">
        <WishFields
          {...{ typed, faults, today, ...choices }}
          texts={false}
          onType={(part) => setTyped((before) => ({ ...before, ...part }))}
        />
      </Card>
      {working ? (
        <Banner tone="info" announce>
          {t('working')}
        </Banner>
      ) : null}
      {code ? (
        <Banner tone="danger" announce>
          {reason.code(code)}
        </Banner>
      ) : null}
      <Button type="submit" variant="primary" size="lg" block busy={busy}>
        {t('join')}
      </Button>
      <p className="flex gap-2.5 text-sm text-soft">
        <LockIcon size={18} className="mt-0.5 shrink-0" />
        {t('nameless')}
      </p>
    </form>
  )
}
