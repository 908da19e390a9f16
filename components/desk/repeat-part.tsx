import { useLocale, useTranslations } from 'next-intl'
import { Select, TextField } from '@/components/ui/text-field'
import type { DeskOptions } from '@/lib/desk/rules'
import { mostVisits, mostWeeks } from '@/lib/desk/rules'
import { dayIn } from '@/lib/time'
import { SeriesDates } from './series-dates'
import type { Repeat, Series } from './use-series'

interface Props {
  options: DeskOptions
  series: Series
  /** Of the first visit; null while none is chosen. */
  startsAt: string | null
  fault: string | null
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** How often it is repeated, and each date that this makes. */
export function RepeatPart({ options, series, startsAt, fault }: Props) {
  const t = useTranslations('desk.series')
  const locale = useLocale()
  const { zone } = options
  const { repeat, setRepeat, dates } = series
  const set = (part: Partial<Repeat>) => setRepeat({ ...repeat, ...part })
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Select
          label={t('repeat')}
          className="sm:col-span-2"
          value={String(repeat.weeks)}
          onChange={(event) => set({ weeks: Number(event.target.value) })}
          options={[
            { value: '0', label: t('once') },
            ...numbers(1, mostWeeks).map((weeks) => ({ value: String(weeks), label: t('weeks', { weeks }) })),
          ]}
        />
        {repeat.weeks ? (
          <>
            <Select
              label={t('ends')}
              value={repeat.ends}
              onChange={(event) => set({ ends: event.target.value === 'day' ? 'day' : 'count' })}
              options={(['count', 'day'] as const).map((value) => ({ value, label: t(`by.${value}`) }))}
            />
            {repeat.ends === 'count' ? (
              <Select
                label={t('count')}
                value={String(repeat.count)}
                onChange={(event) => set({ count: Number(event.target.value) })}
                options={numbers(2, mostVisits).map((count) => ({ value: String(count), label: String(count) }))}
              />
            ) : (
              <TextField
                type="date"
                label={t('lastDay')}
                min={startsAt ? dayIn(zone, new Date(startsAt)) : options.today}
                value={repeat.until}
                onChange={(event) => set({ until: event.target.value })}
              />
            )}
          </>
        ) : null}
      </div>
      {repeat.weeks ? (
        dates.length > 1 ? (
          <SeriesDates {...{ series, zone, locale }} today={options.today} />
        ) : (
          <p className="text-soft">{t(startsAt ? 'onlyOne' : 'first')}</p>
        )
      ) : null}
      {fault ? (
        <p role="alert" data-said className="text-danger">
          {fault}
        </p>
      ) : null}
    </div>
  )
}
