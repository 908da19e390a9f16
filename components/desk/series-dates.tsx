import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { minuteOf } from '@/components/schedule/clock'
import { Button } from '@/components/ui/button'
import { Badge, type Tone } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { useFocusKept } from '@/components/ui/use-focus-kept'
import { Day } from '@/lib/day'
import { mayAnyway } from '@/lib/desk/rules'
import { instantAt } from '@/lib/schedule/wall-clock'
import { dayIn, formatDay, formatTime } from '@/lib/time'
import { type DateChange, isFine, type Series, type SeriesDate } from './use-series'

interface Props {
  series: Series
  zone: string
  today: string
  locale: string
}

/** Each date with what is in its way: what is offered instead, another time, or left out. */
export function SeriesDates({ series, zone, today, locale }: Props) {
  const t = useTranslations('desk.series')
  const { dates, isChecked, change } = series
  const open = dates.filter((date) => !isFine(date)).length
  const count = dates.filter(({ isLeft }) => !isLeft).length
  return (
    <div>
      <p role="status" className="mb-2 font-semibold">
        {!isChecked ? t('checking') : open ? t('open', { open, count }) : t('allFine', { count })}
      </p>
      <ol
        aria-label={t('dates')}
        aria-busy={!isChecked}
        className="divide-y divide-line rounded-control border border-line"
      >
        {dates.map((date) => (
          <DateRow key={date.wanted} {...{ date, zone, today, locale }} onChange={(part) => change(date, part)} />
        ))}
      </ol>
    </div>
  )
}

interface RowProps {
  date: SeriesDate
  zone: string
  today: string
  locale: string
  onChange: (part: DateChange) => void
}

function DateRow({ date, zone, today, locale, onChange }: RowProps) {
  const t = useTranslations('desk.series')
  const d = useTranslations('desk')
  const [typing, setTyping] = useState(false)
  const row = useFocusKept<HTMLLIElement>(`${date.startsAt} ${date.isLeft} ${date.anyway} ${typing}`)
  const words = (iso: string) => {
    const at = new Date(iso)
    return { day: formatDay(at, zone, locale), time: formatTime(at, zone, locale) }
  }
  const { day, time } = words(date.startsAt)
  const name = `${day}, ${time}`
  const { checked, isLeft, isFirst } = date
  const state = checked?.state
  const isBad = !isLeft && checked !== null && state !== 'free'
  const isMeant = isBad && isFine(date)
  const near = isBad && !isMeant && !isFirst ? checked.near : null
  return (
    <li ref={row} tabIndex={-1} className="flex flex-col gap-2.5 px-4 py-3 outline-none">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <span className={isLeft ? 'figures text-soft line-through' : 'figures font-semibold'}>{name}</span>
        <Badge tone={toneOf(date)}>
          {isLeft ? t('left') : state ? t(isMeant ? 'meant' : `state.${state}`) : t('asked')}
        </Badge>
        {isMeant ? <span className="text-sm text-soft">{t(`state.${state!}`)}</span> : null}
      </div>
      {isFirst && isBad && !mayAnyway(state!) ? <p className="text-sm text-soft">{t('firstHint')}</p> : null}
      {isBad && !isMeant && !isFirst && near === null ? <p className="text-sm text-soft">{t('noneNear')}</p> : null}
      <div className="flex flex-wrap gap-2 empty:hidden">
        {near ? (
          <Button size="sm" variant="primary" onClick={() => onChange({ startsAt: near, anyway: false })}>
            {t('take', words(near))}
          </Button>
        ) : null}
        {isBad && mayAnyway(state!) ? (
          <Button
            size="sm"
            aria-pressed={isMeant}
            aria-label={`${t('anyway')}: ${name}`}
            onClick={() => onChange({ anyway: !isMeant })}
          >
            {t('anyway')}
          </Button>
        ) : null}
        {isFirst ? null : (
          <>
            {isLeft ? null : (
              <Button
                size="sm"
                variant="quiet"
                aria-expanded={typing}
                aria-label={`${t('other')}: ${name}`}
                onClick={() => setTyping(!typing)}
              >
                {t('other')}
              </Button>
            )}
            {date.startsAt !== date.wanted && !isLeft ? (
              <Button size="sm" variant="quiet" onClick={() => onChange({ startsAt: date.wanted, anyway: false })}>
                {t('back', words(date.wanted))}
              </Button>
            ) : null}
            <Button
              size="sm"
              variant="quiet"
              aria-label={`${t(isLeft ? 'putBack' : 'leave')}: ${name}`}
              onClick={() => {
                setTyping(false)
                onChange({ isLeft: !isLeft })
              }}
            >
              {t(isLeft ? 'putBack' : 'leave')}
            </Button>
          </>
        )}
      </div>
      {typing && !isLeft ? (
        <OtherTime
          {...{ zone, today }}
          startsAt={date.startsAt}
          words={{ day: d('day'), time: d('time') }}
          onTime={(startsAt) => onChange({ startsAt, anyway: false })}
        />
      ) : null}
    </li>
  )
}

function toneOf(date: SeriesDate): Tone {
  if (date.isLeft || !date.checked) return 'neutral'
  if (date.checked.state === 'free') return 'success'
  return isFine(date) ? 'warning' : 'danger'
}

interface TimeProps {
  startsAt: string
  zone: string
  today: string
  words: { day: string; time: string }
  onTime: (startsAt: string) => void
}

/** A day and a time, taken once both are whole. */
function OtherTime({ startsAt, zone, today, words, onTime }: TimeProps) {
  const at = new Date(startsAt)
  const [typed, setTyped] = useState({ day: dayIn(zone, at), time: formatTime(at, zone, 'en') })
  const type = (next: typeof typed) => {
    setTyped(next)
    const minute = minuteOf(next.time)
    if (Day.safeParse(next.day).success && minute !== null) onTime(instantAt(next.day, minute, zone).toISOString())
  }
  return (
    <div className="grid gap-3 sm:max-w-md sm:grid-cols-2">
      <TextField
        type="date"
        label={words.day}
        min={today}
        value={typed.day}
        onChange={(event) => type({ ...typed, day: event.target.value })}
      />
      <TextField
        type="time"
        label={words.time}
        value={typed.time}
        onChange={(event) => type({ ...typed, time: event.target.value })}
      />
    </div>
  )
}
