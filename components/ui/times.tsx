import type { ReactNode } from 'react'
import { cx } from './cx'

export interface DayItem {
  href: string
  /** What is read aloud: the whole date, and how many times are free. */
  name: string
  weekday: string
  day: string
  month?: string
  /** Under the number: "4 free". */
  note?: string
  current?: boolean
  disabled?: boolean
}

const cell =
  'flex min-h-20 w-[4.5rem] flex-col items-center justify-center rounded-control border-[1.5px] px-1 py-2 text-center leading-tight'

/** Days to choose from, as links: works before any script has loaded. */
export const DayStrip = ({ label, days }: { label: string; days: DayItem[] }) => (
  <nav aria-label={label} className="relative -mx-5 overflow-x-auto px-5 py-1 sm:-mx-1 sm:px-1">
    <ul className="flex gap-2">
      {days.map((day) => {
        const inner = (
          <>
            <span className="sr-only">{day.name}</span>
            <span aria-hidden className="text-xs">
              {day.weekday}
            </span>
            <span aria-hidden className="figures font-display text-xl">
              {day.day}
            </span>
            <span aria-hidden className="text-xs">
              {day.note ?? day.month}
            </span>
          </>
        )
        return (
          <li key={day.href + day.name}>
            {day.disabled ? (
              <span role="link" aria-disabled className={cx(cell, 'border-transparent bg-sunken text-faint')}>
                {inner}
              </span>
            ) : (
              <a
                href={day.href}
                aria-current={day.current ? 'date' : undefined}
                className={cx(
                  cell,
                  day.current
                    ? 'border-accent bg-accent text-on-accent'
                    : 'border-edge bg-surface text-ink hover:border-accent hover:bg-wash',
                )}
              >
                {inner}
              </a>
            )}
          </li>
        )
      })}
    </ul>
  </nav>
)

export interface SlotItem {
  value: string
  /** "14:30" */
  label: string
  /** The same in another time zone, or the practitioner. */
  hint?: string
  /** What is read aloud where the label alone says too little. */
  name?: string
  href?: string
  current?: boolean
}

/** Times of one day in named groups (morning, afternoon, evening), as links or, with `onPick`, as buttons. */
export const SlotGrid = ({
  groups,
  onPick,
  busy,
}: {
  groups: { label: string; slots: SlotItem[] }[]
  onPick?: (value: string) => void
  /** The value being taken: the others wait. */
  busy?: string | null
}) => (
  <div className="flex flex-col gap-5">
    {groups.map((group) =>
      group.slots.length === 0 ? null : (
        <section key={group.label} aria-label={group.label}>
          <h3 className="mb-2 text-sm text-soft">{group.label}</h3>
          <ul className="grid grid-cols-[repeat(auto-fill,minmax(6.5rem,1fr))] gap-2">
            {group.slots.map((slot) => {
              const look = cx(
                'flex min-h-12 w-full flex-col items-center justify-center rounded-control border-[1.5px] px-2 py-1.5 text-center font-display text-lg leading-tight',
                'transition-colors duration-150',
                slot.current || busy === slot.value
                  ? 'border-accent bg-accent text-on-accent'
                  : 'border-edge bg-surface hover:border-accent hover:bg-wash aria-disabled:opacity-60',
              )
              const inner = (
                <>
                  {slot.name ? <span className="sr-only">{slot.name}</span> : null}
                  <span aria-hidden={slot.name ? true : undefined}>{slot.label}</span>
                  {slot.hint ? <span className="font-sans text-xs">{slot.hint}</span> : null}
                </>
              )
              return (
                <li key={slot.value}>
                  {slot.href && !onPick ? (
                    <a href={slot.href} aria-current={slot.current || undefined} className={look}>
                      {inner}
                    </a>
                  ) : (
                    <button
                      type="button"
                      aria-pressed={slot.current}
                      aria-disabled={busy ? true : undefined}
                      aria-busy={busy === slot.value || undefined}
                      onClick={busy ? undefined : () => onPick?.(slot.value)}
                      className={look}
                    >
                      {inner}
                    </button>
                  )}
                </li>
              )
            })}
          </ul>
        </section>
      ),
    )}
  </div>
)

/** One line of a day: when, who or what, and what to do. */
export const AgendaRow = ({
  time,
  until,
  current,
  children,
  aside,
  menu,
}: {
  time: string
  until?: string
  current?: boolean
  children: ReactNode
  aside?: ReactNode
  /** On a phone it stands under the time, where it takes no line of its own. */
  menu?: ReactNode
}) => (
  <li
    className={cx(
      'grid grid-cols-[4.25rem_1fr] grid-rows-[auto_1fr] items-start gap-x-4 gap-y-1 border-s-4 py-4 ps-4 pe-5',
      'sm:grid-cols-[5rem_1fr_auto_auto] sm:grid-rows-none sm:items-center sm:gap-x-2.5',
      current ? 'border-accent bg-wash' : 'border-transparent',
    )}
  >
    <p className="figures leading-tight">
      <span className="block font-display text-xl">{time}</span>
      {until ? <span className="text-sm text-soft">{until}</span> : null}
    </p>
    <div className="row-span-2 min-w-0 sm:row-span-1">{children}</div>
    {aside ? <div className="col-start-2 row-start-3 mt-2 sm:col-start-3 sm:row-start-1 sm:mt-0">{aside}</div> : null}
    {menu ? <div className="col-start-1 row-start-2 -ms-3 sm:col-start-4 sm:row-start-1 sm:ms-0">{menu}</div> : null}
  </li>
)
