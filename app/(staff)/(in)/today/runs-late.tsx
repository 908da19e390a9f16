import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Disclosure } from '@/components/ui/card'
import { Banner } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { DayView } from '@/lib/encounter/rules'
import { lateSteps } from '@/lib/late/rules'

/** By how much the rest of the shown practitioner's day is late; for everybody's day, who runs late. */
export function RunsLate({ view, who, onSaid }: { view: DayView; who: string; onSaid: () => Promise<void> }) {
  const t = useTranslations('staff.late')
  const toast = useToast()
  const reason = useReason()
  const { me } = useStaff()
  const [typed, setTyped] = useState('')
  const [say, busy] = useBusy(async (memberId: string, minutes: number) => {
    const answer = await call('late/say', { memberId, minutes }, { retry: true })
    if (!answer.ok)
      return toast(answer.fields?.minutes ? reason.field(answer.fields.minutes) : reason(answer.code), 'danger')
    toast(t(minutes ? 'said' : 'ended'), 'success')
    setTyped('')
    await onSaid()
  })
  const shown = view.late.filter(({ memberId }) => who === 'all' || memberId === who)
  const nameOf = (memberId: string) => view.practitioners.find((each) => each.memberId === memberId)?.name ?? ''
  const isOne = view.practitioners.some(({ memberId }) => memberId === who)
  return (
    <>
      {shown.map(({ memberId, minutes }) => (
        <Banner
          key={memberId}
          tone="warning"
          announce
          title={memberId === me.memberId ? t('mine', { minutes }) : t('theirs', { name: nameOf(memberId), minutes })}
          actions={
            <Button size="sm" busy={busy} onClick={() => void say(memberId, 0)}>
              {t('end')}
            </Button>
          }
        />
      ))}
      {isOne ? (
        <Disclosure summary={t('say')}>
          <p className="mb-3 text-sm text-soft">{t('text')}</p>
          <form
            noValidate
            className="flex flex-wrap items-end gap-2.5"
            onSubmit={(event) => {
              event.preventDefault()
              void say(who, /^\d+$/.test(typed) ? Number(typed) : -1)
            }}
          >
            {lateSteps.map((minutes) => (
              <Button key={minutes} busy={busy} onClick={() => void say(who, minutes)}>
                {t('step', { minutes })}
              </Button>
            ))}
            <TextField
              label={t('minutes')}
              inputMode="numeric"
              className="w-36"
              maxLength={3}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
            <Button type="submit" busy={busy}>
              {t('set')}
            </Button>
          </form>
        </Disclosure>
      ) : null}
    </>
  )
}
