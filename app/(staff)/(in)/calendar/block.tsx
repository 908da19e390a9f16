import { memo } from 'react'
import { cx } from '@/components/ui/cx'
import { CheckIcon, ClockIcon, CrossIcon, type IconType, UserIcon, VideoIcon, WarningIcon } from '@/components/ui/icons'
import type { RowState } from '@/lib/encounter/rules'
import { placeOf } from './place'

type Shown = Exclude<RowState, 'cancelled'>

/** The word is in the label, the icon says it to the eye; the colour only helps to find it. */
const looks: Record<Shown, { className: string; Icon?: IconType }> = {
  upcoming: { className: 'border-accent bg-wash' },
  late: { className: 'border-warning bg-warning-wash', Icon: ClockIcon },
  at_door: { className: 'border-warning bg-warning-wash', Icon: WarningIcon },
  waiting: { className: 'border-accent bg-wash outline-2 -outline-offset-2 outline-accent', Icon: UserIcon },
  in_consult: { className: 'border-info bg-info-wash', Icon: VideoIcon },
  done: { className: 'border-success bg-success-wash', Icon: CheckIcon },
  missed: { className: 'border-danger bg-danger-wash', Icon: CrossIcon },
}

export interface BlockProps {
  id: string
  top: number
  bottom: number
  lane: number
  lanes: number
  state: RowState
  time: string
  /** Null while it is being opened. */
  name: string | null
  service: string
  /** Put in beside others: its border says it to the eye. */
  walkIn: boolean
  /** The whole of it, as it is read aloud. */
  label: string
  /** The one of all that Tab comes to. */
  current: boolean
  movable: boolean
  /** The server is being asked about it. */
  busy: boolean
}

/** One appointment in its column. What happens to it is the grid's: it looks for `data-block`. */
export const Block = memo(function Block({
  id,
  state,
  time,
  name,
  service,
  walkIn,
  label,
  current,
  movable,
  busy,
  ...at
}: BlockProps) {
  const { className, Icon } = looks[state as Shown]
  const isLow = at.bottom - at.top < 30
  return (
    <button
      type="button"
      data-block={id}
      aria-haspopup="menu"
      aria-keyshortcuts={movable ? 'M' : undefined}
      aria-busy={busy || undefined}
      tabIndex={current ? 0 : -1}
      style={placeOf(at)}
      className={cx(
        'absolute z-10 flex items-start gap-x-1.5 overflow-hidden rounded-tag border border-s-4 ps-1.5 pe-1 text-start text-xs text-ink select-none',
        'print:text-[7.5pt] print:leading-tight',
        'focus-visible:z-20 focus-visible:outline-3 focus-visible:outline-accent',
        isLow ? 'flex-nowrap leading-[1.35rem]' : 'flex-col py-0.5 leading-snug',
        walkIn && 'border-dashed',
        busy && 'animate-sway',
        className,
      )}
    >
      <span className="sr-only">{label}</span>
      <span aria-hidden className="figures flex shrink-0 items-center gap-1 text-soft">
        {time}
        {Icon ? <Icon size={13} className="text-ink" /> : null}
      </span>
      <span aria-hidden className="w-full min-w-0 truncate font-semibold">
        {name ?? '…'}
      </span>
      {isLow ? null : (
        <span aria-hidden className="w-full truncate text-soft">
          {service}
        </span>
      )}
      {movable ? (
        <span data-edge aria-hidden className="absolute inset-x-0 bottom-0 h-1.5 cursor-ns-resize print:hidden" />
      ) : null}
    </button>
  )
})
