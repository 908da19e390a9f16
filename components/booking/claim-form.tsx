'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { Controller, useForm } from 'react-hook-form'
import { z } from 'zod'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Checkbox } from '@/components/ui/choice'
import { DateField } from '@/components/ui/date-field'
import { Banner, Skeleton } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { useBusy } from '@/components/ui/use-busy'
import type { AppointmentView } from '@/lib/booking/rules'
import { type Device, prepareDevice } from '@/lib/browser/booking-device'
import { claimAppointment } from '@/lib/browser/claim'
import { DeviceNotes } from './device-notes'
import { mineMark, visitKey } from './own'
import { Who } from './values'

export interface ClaimProps {
  view: AppointmentView
  secret: string
  /** This device is the patient's, or another was faster: the page is another one now. */
  onDone: () => void
}
interface Values {
  name: string
  birthDate: string
  shared: boolean
}
const Claim = z.object({ name: Who.shape.name, birthDate: Who.shape.birthDate, shared: z.boolean() })

/** Somebody opens the link of what the clinic booked for them: who they are, in their own words, and keys of their own. */
export function ClaimForm({ view, secret, onDone }: ClaimProps) {
  const t = useTranslations('booking.claim')
  const who = useTranslations('booking.who2')
  const common = useTranslations('common')
  const errors = useTranslations('errors')
  const [device, setDevice] = useState<Device | null>(null)
  const [refused, setRefused] = useState<'old-browser' | 'forged' | 'failed' | null>(null)
  const [problem, setProblem] = useState('')
  const clinicId = view.clinic.id
  useEffect(() => {
    void prepareDevice(clinicId).then((found) => (found.ok ? setDevice(found.device) : setRefused(found.why)))
  }, [clinicId])
  const form = useForm<Values>({
    defaultValues: { name: '', birthDate: '', shared: false },
    resolver: zodResolver(Claim) as never,
  })
  const wrong = form.formState.errors
  const error = (name: keyof Values) => wrong[name]?.message && errors(`field.${wrong[name].message as 'required'}`)
  const [send, sending] = useBusy(async ({ name, birthDate, shared }: Values) => {
    if (!device) return
    setProblem('')
    const home = shared ? 'memory' : device.home
    const answer = await claimAppointment(view, secret, {
      ...{ identity: { name: name.trim(), birthDate, email: '' }, home },
    })
    if (!answer.ok && answer.code !== 'WRONG_STATE') return setProblem(answer.code)
    // Tells the appointment's page that this device holds keys for it; on a shared computer, this tab alone.
    if (answer.ok && home === 'stored') localStorage.setItem(mineMark(view.id), '1')
    if (shared) {
      sessionStorage.setItem(visitKey(view.id), secret)
      history.replaceState(null, '', location.pathname)
    }
    onDone()
  })
  if (refused) return <DeviceNotes refused={refused} />
  if (!device) return <Skeleton className="h-64 rounded-card" />
  return (
    <Card>
      <CardTitle>{t('title', { clinic: view.clinic.name })}</CardTitle>
      <p className="mb-2">{t('lead')}</p>
      <p className="text-sm text-soft">{t('hidden')}</p>
      <DeviceNotes device={device} calls={view.way === 'video'} />
      <form
        noValidate
        className="mt-6 flex flex-col gap-6"
        onSubmit={(event) => void form.handleSubmit((values) => send(values))(event)}
      >
        <TextField
          id="name"
          label={t('name')}
          hint={t('nameHint')}
          autoComplete="name"
          error={error('name')}
          {...form.register('name')}
        />
        <Controller
          control={form.control}
          name="birthDate"
          render={({ field }) => (
            <DateField
              {...field}
              id="birthDate"
              label={who('birth')}
              birthday
              parts={{ day: common('day'), month: common('month'), year: common('year') }}
              error={error('birthDate')}
            />
          )}
        />
        {device.home === 'stored' ? (
          <Checkbox
            label={who('shared')}
            hint={form.watch('shared') ? who('sharedHint') : undefined}
            {...form.register('shared')}
          />
        ) : null}
        {problem ? (
          <Banner tone="danger" announce>
            {errors(problem as 'BAD_INPUT')}
          </Banner>
        ) : null}
        <Button type="submit" variant="primary" size="lg" busy={sending}>
          {t('send')}
        </Button>
      </form>
    </Card>
  )
}
