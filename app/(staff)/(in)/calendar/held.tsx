import { cx } from '@/components/ui/cx'
import { ClockIcon } from '@/components/ui/icons'
import { placeOf } from './place'

interface Props {
  id: string
  top: number
  bottom: number
  lane: number
  lanes: number
  time: string
  /** Null while it is being opened. */
  name: string | null
  /** For whose answer it waits. */
  words: string
  /** The whole of it, as it is read aloud. */
  label: string
  onOpen: () => void
}

/** A time that is held until somebody has answered: nobody moves it, and what can be done with it is in the list above. */
export function Held({ id, time, name, words, label, onOpen, ...at }: Props) {
  const isLow = at.bottom - at.top < 30
  return (
    <button
      type="button"
      data-held={id}
      onClick={onOpen}
      style={placeOf(at)}
      className={cx(
        'hatched absolute z-10 flex items-start gap-x-1.5 overflow-hidden rounded-tag border border-s-4 border-dashed border-warning ps-1.5 pe-1 text-start text-xs text-ink select-none',
        'print:text-[7.5pt] print:leading-tight',
        'focus-visible:z-20 focus-visible:outline-3 focus-visible:outline-accent',
        isLow ? 'flex-nowrap leading-[1.35rem]' : 'flex-col py-0.5 leading-snug',
      )}
    >
      <span className="sr-only">{label}</span>
      <span aria-hidden className="figures flex shrink-0 items-center gap-1">
        {time}
        <ClockIcon size={13} />
      </span>
      <span aria-hidden className={cx('truncate font-semibold', isLow ? 'max-w-1/2 shrink-0' : 'w-full')}>
        {name ?? '…'}
      </span>
      <span aria-hidden className={cx('truncate', isLow ? 'min-w-0' : 'w-full')}>
        {words}
      </span>
    </button>
  )
}
