'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button, IconButton } from '@/components/ui/button'
import { AlertDialog, Dialog } from '@/components/ui/dialog'
import { MoreIcon, PillIcon } from '@/components/ui/icons'
import { Menu } from '@/components/ui/menu'
import { Badge, Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { sendSealed } from '@/lib/browser/send-sealed'
import type { EncounterView } from '@/lib/encounter/rules'
import type { PrescriptionForm, PrescriptionStatus, SharedPrescription } from '@/lib/prescription/rules'
import { formatTime } from '@/lib/time'
import type { Chart } from '../encounter/use-chart'
import type { useDraft } from '../encounter/use-draft'
import { RxForm } from './form'
import { prescriptionOf, signPrescription } from './issue'
import { PrescriptionSheet } from './sheet'

const rxTones = {
  issued: 'success',
  dispensed: 'info',
  cancelled: 'danger',
  expired: 'neutral',
} as const satisfies Record<PrescriptionStatus, string>

interface Props {
  view: EncounterView
  chart: Chart
  draft: ReturnType<typeof useDraft>
  onSaved: () => Promise<void>
}

/** Typed, looked at as the pharmacist will see it, signed, and from then on only cancelled. */
export function PrescriptionPart({ view, chart, draft, onSaved }: Props) {
  const t = useTranslations('prescription')
  const c = useTranslations('common')
  const toast = useToast()
  const reason = useReason()
  const [ready, setReady] = useState<SharedPrescription | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const { appointmentId } = view.appointment
  const mine = chart.prescriptions.filter(({ row }) => row.appointmentId === appointmentId)

  const preview = (form: PrescriptionForm) => {
    if (!chart.identity) return
    setFault(null)
    setReady(prescriptionOf(view, chart.identity, form, new Date()))
  }
  const [sign, signing] = useBusy(async (prescription: SharedPrescription) => {
    const { rxId, issuedAt, expiresAt } = prescription
    try {
      const answer = await sendSealed(
        chart.clinicId,
        () => signPrescription(chart, prescription),
        (signed) => call('prescription/issue', { rxId, appointmentId, ...signed, issuedAt, expiresAt }),
      )
      if (!answer.ok) return setFault(reason(answer.code))
    } catch (error) {
      return setFault(reason((error as { code?: string }).code ?? 'INTERNAL'))
    }
    setReady(null)
    draft.change({ rx: null })
    await draft.save()
    toast(t('issued'), 'success')
    await onSaved()
  })

  if (!chart.identity) return <Banner tone="warning">{t('noIdentity')}</Banner>
  return (
    <div className="flex flex-col gap-6">
      {mine.length ? (
        <ul aria-label={t('title')} className="divide-y divide-line">
          {mine.map((each) => (
            <Issued key={each.row.id} {...each} zone={view.zone} onSaved={onSaved} />
          ))}
        </ul>
      ) : null}
      <RxForm
        key={mine.length}
        start={draft.draft.rx}
        heading={mine.length ? t('new') : undefined}
        onChange={(rx) => draft.change({ rx })}
        onReady={preview}
      />
      <Dialog
        wide
        title={t('preview')}
        description={t('previewLead')}
        closeLabel={c('close')}
        open={ready !== null}
        onOpenChange={(open) => !open && setReady(null)}
        footer={
          <>
            <Button onClick={() => setReady(null)}>{t('backToEdit')}</Button>
            <Button variant="primary" icon={<PillIcon />} busy={signing} onClick={() => ready && void sign(ready)}>
              {t('sign')}
            </Button>
          </>
        }
      >
        {fault ? (
          <Banner tone="danger" announce className="mb-4">
            {fault}
          </Banner>
        ) : null}
        {ready ? <PrescriptionSheet prescription={ready} /> : null}
      </Dialog>
    </div>
  )
}

function Issued({
  row,
  entry,
  zone,
  onSaved,
}: Chart['prescriptions'][number] & { zone: string; onSaved: () => Promise<void> }) {
  const t = useTranslations('prescription')
  const c = useTranslations('common')
  const locale = useLocale()
  const toast = useToast()
  const reason = useReason()
  const { chain } = useStaff()
  const [asking, setAsking] = useState(false)
  const [move, moving] = useBusy(async (to: 'cancel' | 'dispense') => {
    const answer = await call(`prescription/${to}`, { id: row.id })
    setAsking(false)
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(t(to === 'cancel' ? 'cancelled' : 'dispensed'), 'success')
    await onSaved()
  })
  const content = entry?.content
  return (
    <li className="flex items-start justify-between gap-3 py-3">
      <div className="min-w-0">
        {content ? (
          content.items.map((item, index) => (
            <p key={index}>
              <span className="font-semibold">{item.medicine}</span>{' '}
              {[item.dose, item.frequency, item.duration].filter(Boolean).join(' · ')}
            </p>
          ))
        ) : (
          // The row is the server's word; without a record that a practitioner signed there is no prescription.
          <p className="font-semibold text-danger">{reason(entry?.code ?? 'BAD_SIGNATURE')}</p>
        )}
        <p className="mt-1 flex flex-wrap items-center gap-2.5 text-sm text-soft">
          {formatTime(new Date(row.issuedAt), zone, locale)}
          <Badge tone={content ? rxTones[row.status] : 'danger'}>
            {content ? t(`status.${row.status}`) : t('notValid')}
          </Badge>
        </p>
      </div>
      {content ? (
        <Menu
          trigger={<IconButton label={t('more')} icon={<MoreIcon />} />}
          items={[
            { label: t('openCopy'), href: `/rx/${row.id}#k=${content.secret}&r=${chain.rootFingerprint}` },
            ...(row.status === 'issued'
              ? [
                  { label: t('dispense'), onSelect: () => void move('dispense') },
                  { label: t('cancel'), danger: true, apart: true, onSelect: () => setAsking(true) },
                ]
              : []),
          ]}
        />
      ) : null}
      <AlertDialog
        danger
        title={t('cancelTitle')}
        description={t('cancelText')}
        cancelLabel={c('back')}
        actionLabel={t('cancel')}
        open={asking}
        onOpenChange={setAsking}
        busy={moving}
        onAction={() => void move('cancel')}
      />
    </li>
  )
}
