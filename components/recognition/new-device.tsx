'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { RadioGroup } from '@/components/ui/choice'
import { Dialog } from '@/components/ui/dialog'
import { Banner, Skeleton } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { useBusy } from '@/components/ui/use-busy'
import { loadNewDevices, type NewDevices, recogniseDevice } from '@/lib/browser/recognition'
import { type Reason, reasons } from '@/lib/recognition/rules'
import { apart, tellApart } from '@/lib/patient/rules'
import { formatDate, formatTime } from '@/lib/time'
import { DeskWrote } from './desk-wrote'

interface Props {
  appointmentId: string
  /** Whose name the page shows for this appointment. */
  patientId: string
  open: boolean
  onOpenChange: (open: boolean) => void
  onDone?: () => void
}

/** The patient stands at the desk, or is known otherwise: their new device reads its code out, and is opened what they may read. */
export function NewDeviceDialog({ open, onOpenChange, ...rest }: Props) {
  const t = useTranslations('recognition')
  const c = useTranslations('common')
  return (
    <Dialog
      title={t('title')}
      description={t('lead')}
      closeLabel={c('close')}
      open={open}
      onOpenChange={onOpenChange}
      footer={<Button onClick={() => onOpenChange(false)}>{c('close')}</Button>}
    >
      {open ? <Recognise {...rest} /> : null}
    </Dialog>
  )
}

function Recognise({ appointmentId, patientId, onDone }: Omit<Props, 'open' | 'onOpenChange'>) {
  const t = useTranslations('recognition')
  const locale = useLocale()
  const sentence = useReason()
  const [found, setFound] = useState<NewDevices | null>(null)
  const [problem, setProblem] = useState('')
  const [keyId, setKeyId] = useState('')
  const [code, setCode] = useState('')
  const [reason, setReason] = useState<Reason | ''>('')
  const [missing, setMissing] = useState({ code: false, reason: false })
  const [done, setDone] = useState<{ granted: number; partly: boolean } | null>(null)
  const say = (refused: string) =>
    refused === 'STALE' || refused === 'NOT_VOUCHED' || refused === 'OTHER_PATIENT'
      ? t(`problem.${refused}`)
      : sentence(refused)

  useEffect(() => {
    let late = false
    void loadNewDevices(appointmentId, patientId).then((answer) => {
      if (late) return
      if (!answer.ok) return setProblem(answer.code)
      setFound(answer.value)
      setKeyId(answer.value.devices[0]?.keyId ?? '')
    })
    return () => {
      late = true
    }
  }, [appointmentId, patientId])

  const [confirm, confirming] = useBusy(async () => {
    const device = found?.devices.find((each) => each.keyId === keyId)
    setMissing({ code: !code.trim(), reason: !reason })
    if (!found || !device || !code.trim() || !reason) return
    const answer = await recogniseDevice(appointmentId, found, device, { code, reason })
    setProblem(answer.ok ? '' : answer.code)
    if (!answer.ok) return
    setDone(answer.value)
    onDone?.()
  })

  if (done)
    return (
      <Banner tone="success" title={t('done', { name: found!.name })} announce>
        <p>{t('opened', { count: done.granted })}</p>
        {done.partly ? <p className="mt-2">{t('partly')}</p> : null}
      </Banner>
    )
  const fault = problem ? (
    <Banner tone="danger" announce>
      {say(problem)}
    </Banner>
  ) : null
  if (!found) return fault ?? <Skeleton className="h-40" />
  if (!found.devices.length) return <p className="text-soft">{t('none', { name: found.name })}</p>
  const nth = tellApart(
    found.devices.map(({ keyId: id, name, firstSeen }) => ({ id, called: name, since: new Date(firstSeen) })),
  )
  const momentOf = (iso: string) => {
    const at = new Date(iso)
    return `${formatDate(at, found.zone, locale)}, ${formatTime(at, found.zone, locale)}`
  }
  return (
    <form
      className="grid gap-5"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void confirm()
      }}
    >
      <div>
        <p>{t('ask', { name: found.name })}</p>
        {found.written ? <DeskWrote written={found.written} /> : null}
      </div>
      <RadioGroup
        name="device"
        label={t('which')}
        look="cards"
        value={keyId}
        onChange={(event) => setKeyId(event.target.value)}
        options={found.devices.map((device) => ({
          value: device.keyId,
          label: apart(device.name || t('unnamed'), nth.get(device.keyId)!),
          hint: (
            <>
              {t('since', { date: momentOf(device.firstSeen) })}
              {device.atDesk ? ` ${t('atDesk', { how: t(`reason.${device.atDesk}`) })}` : ''}
            </>
          ),
        }))}
      />
      <TextField
        label={t('code')}
        hint={t('codeHint')}
        inputMode="numeric"
        autoComplete="off"
        required
        value={code}
        error={missing.code ? t('codeMissing') : undefined}
        onChange={(event) => setCode(event.target.value)}
      />
      <RadioGroup
        name="reason"
        label={t('how')}
        value={reason}
        error={missing.reason ? t('howMissing') : undefined}
        onChange={(event) => setReason(event.target.value as Reason)}
        options={reasons.map((value) => ({ value, label: t(`reason.${value}`) }))}
      />
      {fault}
      <Button type="submit" variant="primary" busy={confirming}>
        {t('confirm')}
      </Button>
    </form>
  )
}
