'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useCallback, useEffect, useState } from 'react'
import { AskFirst } from '@/components/ui/ask-first'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Badge, Banner, Skeleton } from '@/components/ui/status'
import { useFocusKept } from '@/components/ui/use-focus-kept'
import { call } from '@/lib/browser/api'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { openPatientSession } from '@/lib/browser/patient-session'
import { ownZone } from '@/lib/browser/zone'
import { apart, type DeviceRow } from '@/lib/patient/rules'
import { formatDate, formatTime } from '@/lib/time'

/** Every device that opens this patient's records, and a way to take one off. */
export function Devices({ own }: { own: OwnChart }) {
  const t = useTranslations('devices')
  const errors = useTranslations('errors')
  const [devices, setDevices] = useState<DeviceRow[] | null>(null)
  const [problem, setProblem] = useState('')
  const { patient } = own
  const title = useFocusKept<HTMLHeadingElement>(devices && devices.map(({ keyId }) => keyId).join())

  const load = useCallback(async () => {
    const session = await openPatientSession(patient)
    const as = { as: 'patient', patientId: patient.patientId, retry: true } as const
    const answer = session.ok ? await call('patient/devices', {}, as) : session
    setProblem(answer.ok ? '' : answer.code)
    if (answer.ok) setDevices(answer.value.devices)
  }, [patient])
  useEffect(() => void load(), [load])

  return (
    <Card>
      <CardTitle ref={title}>{t('list.title')}</CardTitle>
      {problem ? (
        <Banner tone="danger" announce className="mb-4">
          {errors(problem as 'BAD_INPUT')}
        </Banner>
      ) : null}
      {devices ? (
        <ul className="flex flex-col divide-y divide-line">
          {devices.map((device) => (
            <li key={device.keyId} className="py-4 first:pt-0 last:pb-0">
              <Device device={device} own={own} onRemoved={() => void load()} />
            </li>
          ))}
        </ul>
      ) : (
        <Skeleton className="h-24" />
      )}
    </Card>
  )
}

function Device({ device, own, onRemoved }: { device: DeviceRow; own: OwnChart; onRemoved: () => void }) {
  const t = useTranslations('devices.list')
  const locale = useLocale()
  const errors = useTranslations('errors')
  const called = device.kind === 'device' ? device.name || t('unnamed') : t(`kind.${device.kind}`)
  const name = apart(called, device.nth)
  const seen = new Date(device.firstSeen)
  const date = `${formatDate(seen, ownZone(), locale)}, ${formatTime(seen, ownZone(), locale)}`
  const { patientId } = own.patient
  async function remove() {
    const session = await openPatientSession(own.patient)
    const answer = session.ok
      ? await call('patient/remove-device', { keyId: device.keyId }, { as: 'patient', patientId })
      : session
    return answer.ok ? null : errors(answer.code)
  }
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
      <div className="min-w-0">
        <h3 className="flex flex-wrap items-center gap-2 text-base font-semibold">
          {name}
          {device.mine ? <Badge tone="accent">{t('mine')}</Badge> : null}
        </h3>
        <p className="text-sm text-soft">
          {device.kind !== 'device' && device.name
            ? t('madeWith', { device: device.name, date })
            : t('since', { date })}
          {'. '}
          {device.lastUsed
            ? t('used', { date: formatDate(new Date(device.lastUsed), 'UTC', locale) })
            : device.kind === 'device'
              ? null
              : t('unused')}
        </p>
        <p>{device.kind === 'device' ? t(`state.${device.state}`) : t(`keeps.${device.kind}`)}</p>
      </div>
      {device.mine ? null : (
        <AskFirst
          title={t('removeTitle', { name })}
          description={t(device.kind === 'device' ? 'removeText' : 'removeKept')}
          cancelLabel={t('removeNo')}
          actionLabel={t('removeYes')}
          act={remove}
          onDone={onRemoved}
          trigger={
            <Button size="sm" aria-label={t('removeNamed', { name })}>
              {t('remove')}
            </Button>
          }
        />
      )}
    </div>
  )
}
