'use client'
import { useTranslations } from 'next-intl'
import { type SubmitEvent, useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle, Facts } from '@/components/ui/card'
import { Checkbox } from '@/components/ui/choice'
import { Select } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { leadChoices, type ReminderCounts, type ReminderSettings } from '@/lib/reminder/rules'

const places = ['first', 'second', 'third'] as const
const outcomes = ['sent', 'waiting', 'refused', 'unsure'] as const satisfies (keyof ReminderCounts)[]

/** The largest whole unit of a time before. */
function unitOf(minutes: number): { unit: 'minutes' | 'hours' | 'days' | 'weeks'; count: number } {
  if (minutes >= 10_080) return { unit: 'weeks', count: minutes / 10_080 }
  if (minutes >= 1440) return { unit: 'days', count: minutes / 1440 }
  return minutes >= 60 ? { unit: 'hours', count: minutes / 60 } : { unit: 'minutes', count: minutes }
}

export function Reminders({ start }: { start: ReminderSettings }) {
  const t = useTranslations('reminders')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const [leads, setLeads] = useState(start.leads)
  const [texts, setTexts] = useState(start.texts === true)
  const [save, busy] = useBusy(async () => {
    const answer = await call(
      'reminder/save',
      { leads: leadChoices.filter((each) => leads.includes(each)), texts },
      { retry: true },
    )
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    setLeads(answer.value.leads)
    toast(t('saved'), 'success')
  })
  const options = [0, ...leadChoices].map((minutes) => {
    const { unit, count } = unitOf(minutes)
    return { value: String(minutes), label: minutes ? t(unit, { count }) : t('none') }
  })
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="-mt-2 mb-5 max-w-prose text-soft">{t('lead')}</p>
      <form
        className="flex flex-col gap-5"
        onSubmit={(event: SubmitEvent) => {
          event.preventDefault()
          void save()
        }}
      >
        <div className="grid gap-5 sm:grid-cols-3">
          {places.map((place, index) => (
            <Select
              key={place}
              label={t('place', { place })}
              options={options}
              value={String(leads[index] ?? 0)}
              onChange={(event) => {
                const chosen = Number(event.target.value)
                setLeads(places.map((_, at) => (at === index ? chosen : (leads[at] ?? 0))))
              }}
            />
          ))}
        </div>
        {start.texts === null ? null : (
          <Checkbox
            label={t('texts')}
            hint={t('textsHint')}
            checked={texts}
            onChange={(event) => setTexts(event.target.checked)}
          />
        )}
        <p className="max-w-prose text-sm text-soft">{leads.some(Boolean) ? t('note') : t('off')}</p>
        <div>
          <Button type="submit" variant="primary" busy={busy}>
            {c('save')}
          </Button>
        </div>
      </form>
      <h3 className="mt-7 mb-3 text-lg">{t('counts')}</h3>
      <Facts items={outcomes.map((each) => ({ label: t(each), value: start.counts[each] }))} />
      {start.counts.unsure ? <p className="mt-3 max-w-prose text-sm text-soft">{t('unsureText')}</p> : null}
    </Card>
  )
}
