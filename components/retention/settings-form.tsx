'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Switch } from '@/components/ui/choice'
import { TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { saveRetention } from '@/lib/browser/retention'
import { RetentionForm, retentionClasses, type RetentionSettings } from '@/lib/retention/rules'

/** How many years the clinic keeps each class after a patient's last encounter. */
export function SettingsForm({ start, onSaved }: { start: RetentionSettings; onSaved: () => Promise<void> }) {
  const t = useTranslations('retention.settings')
  const c = useTranslations('common')
  const { me } = useStaff()
  const toast = useToast()
  const reason = useReason()
  const [years, setYears] = useState<Record<string, string>>(() =>
    Object.fromEntries(retentionClasses.map((each) => [each, String(start[each])])),
  )
  const [days, setDays] = useState(start.autoDays === null ? null : String(start.autoDays))
  const [faults, setFaults] = useState<Record<string, string>>({})
  const [save, busy] = useBusy(async () => {
    const parsed = RetentionForm.safeParse({ ...years, autoDays: days })
    if (!parsed.success)
      return setFaults(Object.fromEntries(parsed.error.issues.map((issue) => [String(issue.path[0]), issue.message])))
    setFaults({})
    const answer = await saveRetention(me, parsed.data)
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(c('saved'), 'success')
    await onSaved()
  })
  const faultOf = (name: string) => {
    if (!faults[name]) return undefined
    return t(
      faults[name] === 'identityFirst' ? 'fault.identityFirst' : name === 'autoDays' ? 'fault.days' : 'fault.years',
    )
  }
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="-mt-2 mb-5 max-w-prose text-soft">{t('text')}</p>
      <form
        noValidate
        className="flex max-w-md flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        {retentionClasses.map((each) => (
          <TextField
            key={each}
            label={t(`${each}.label`)}
            hint={t(`${each}.hint`)}
            inputMode="numeric"
            after={t('years')}
            value={years[each]}
            error={faultOf(each)}
            onChange={(event) => setYears({ ...years, [each]: event.target.value })}
          />
        ))}
        <Switch
          label={t('auto')}
          hint={t('autoHint')}
          checked={days !== null}
          onChange={(event) => setDays(event.target.checked ? '30' : null)}
        />
        {days === null ? null : (
          <TextField
            label={t('days')}
            inputMode="numeric"
            value={days}
            error={faultOf('autoDays')}
            onChange={(event) => setDays(event.target.value)}
          />
        )}
        <Button type="submit" variant="primary" busy={busy} className="self-start">
          {c('save')}
        </Button>
      </form>
    </Card>
  )
}
