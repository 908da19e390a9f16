import { useTranslations } from 'next-intl'
import { useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { FieldError } from '@/components/ui/field'
import { Select } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { type Faults, startOf, WishFields, wishOf } from '@/components/waitlist/wish-fields'
import { call } from '@/lib/browser/api'
import { addDays } from '@/lib/time'
import type { WaitList } from '@/lib/waitlist/rules'

interface Props {
  listed: WaitList
  onClose: () => void
  onAdded: () => Promise<void>
}

/** For somebody on the telephone: sent twice it is one, by an id that this dialog has. */
export function AddDialog({ listed, onClose, onAdded }: Props) {
  const t = useTranslations('waitlist.desk')
  const c = useTranslations('common')
  const toast = useToast()
  const reason = useReason()
  const { services, today } = listed
  const [id] = useState(() => crypto.randomUUID())
  const [serviceId, setServiceId] = useState(services[0]?.id ?? '')
  const [typed, setTyped] = useState(() => startOf(today, addDays(today, 60)))
  const [locale, setLocale] = useState(listed.locale)
  const [faults, setFaults] = useState<Faults>({})
  const [fault, setFault] = useState('')
  const form = useRef<HTMLFormElement>(null)
  const [add, busy] = useBusy(async () => {
    const answer = await call('waitlist/add', { id, serviceId, locale, ...wishOf(typed) }, { retry: true })
    flushSync(() => {
      setFaults((!answer.ok && answer.fields) || {})
      setFault(answer.ok ? '' : reason(answer.code))
    })
    if (!answer.ok) return form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
    toast(t(answer.value.added ? 'added' : 'known'), 'success')
    onClose()
    await onAdded()
  })
  const ids = services.find((each) => each.id === serviceId)?.practitionerIds ?? []
  return (
    <Dialog
      wide
      // What is typed is lost by no slip.
      firm={services.length > 0}
      open
      title={t('add')}
      description={services.length ? t('addLead') : t('nothing')}
      closeLabel={c('close')}
      onOpenChange={(open) => open || onClose()}
    >
      {services.length ? (
        <form
          ref={form}
          noValidate
          className="flex flex-col gap-5"
          onSubmit={(event) => {
            event.preventDefault()
            void add()
          }}
        >
          <Select
            label={t('service')}
            value={serviceId}
            onChange={(event) => {
              setServiceId(event.target.value)
              setTyped((before) => ({ ...before, memberId: '' }))
            }}
            options={services.map((each) => ({ value: each.id, label: each.name }))}
          />
          <WishFields
            {...{ typed, faults, today, sites: listed.sites, texts: listed.texts }}
            ofCaller
            practitioners={listed.practitioners
              .filter(({ memberId }) => ids.includes(memberId))
              .map(({ memberId, name }) => ({ id: memberId, name }))}
            onType={(part) => setTyped((before) => ({ ...before, ...part }))}
          />
          <Select
            label={t('language')}
            value={locale}
            onChange={(event) => setLocale(event.target.value === 'fr' ? 'fr' : 'en')}
            options={(['en', 'fr'] as const).map((value) => ({ value, label: t(`languages.${value}`) }))}
          />
          {fault ? (
            <div role="alert">
              <FieldError>{fault}</FieldError>
            </div>
          ) : null}
          <Button type="submit" variant="primary" busy={busy}>
            {t('save')}
          </Button>
        </form>
      ) : null}
    </Dialog>
  )
}
