import type { ComponentProps, ReactNode } from 'react'
import { cx } from './cx'

type Variant = 'primary' | 'secondary' | 'quiet' | 'danger'
type Size = 'sm' | 'md' | 'lg'
interface Look {
  variant?: Variant
  size?: Size
  /** As wide as its place: the main action of a phone's screen. */
  block?: boolean
}

const variants: Record<Variant, string> = {
  primary: 'border-transparent bg-accent text-on-accent shadow-low hover:bg-accent-deep',
  secondary: 'border-edge bg-surface text-ink hover:border-accent hover:bg-wash',
  quiet: 'border-transparent bg-transparent text-accent hover:bg-wash',
  danger: 'border-danger bg-surface text-danger hover:bg-danger-wash',
}
const sizes: Record<Size, string> = {
  sm: 'min-h-11 px-4 text-sm',
  md: 'min-h-12 px-6 text-base',
  lg: 'min-h-14 px-8 text-lg',
}

/** The classes of a button, for links of another kind (next/link in staff pages). */
export const buttonClass = ({ variant = 'secondary', size = 'md', block = false }: Look = {}) =>
  cx(
    'relative inline-flex items-center justify-center gap-2 rounded-control border-[1.5px] font-semibold no-underline',
    'select-none transition-[background-color,border-color,translate] duration-150 active:translate-y-px',
    'disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:cursor-progress aria-disabled:opacity-75',
    variants[variant],
    sizes[size],
    block && 'w-full',
  )

export interface ButtonProps extends ComponentProps<'button'>, Look {
  icon?: ReactNode
  /** Work is under way: a second press does nothing, focus stays, and the name stays. */
  busy?: boolean
}

export function Button({
  variant,
  size,
  block,
  icon,
  busy,
  type = 'button',
  className,
  children,
  ...rest
}: ButtonProps) {
  const held = busy
    ? // A held submit button is no submit button: Enter and a second click then send nothing twice.
      { type: 'button' as const, onClick: undefined, 'aria-disabled': true, 'aria-busy': true }
    : { type }
  return (
    <button className={cx(buttonClass({ variant, size, block }), className)} {...rest} {...held}>
      {busy && !icon ? (
        <span className="absolute start-1.5 flex">
          <Spinner size={14} />
        </span>
      ) : null}
      {busy && icon ? <Spinner /> : icon}
      {children}
    </button>
  )
}

export interface LinkButtonProps extends ComponentProps<'a'>, Look {
  icon?: ReactNode
}

/** A link that looks like a button: it goes somewhere. A plain <a>, so that it costs a page no script. */
export const LinkButton = ({ variant, size, block, icon, className, children, ...rest }: LinkButtonProps) => (
  <a className={cx(buttonClass({ variant, size, block }), className)} {...rest}>
    {icon}
    {children}
  </a>
)

export interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  label: string
  icon: ReactNode
  variant?: Variant | 'filled'
  size?: 'md' | 'lg'
  /** For a switch such as mute: tells its state, and looks pressed. */
  pressed?: boolean
  busy?: boolean
}

/** A round button with an icon; its name is `label`. `lg` is for the call. */
export function IconButton({
  label,
  icon,
  variant = 'quiet',
  size = 'md',
  pressed,
  busy,
  type = 'button',
  className,
  ...rest
}: IconButtonProps) {
  const held = busy
    ? { type: 'button' as const, onClick: undefined, 'aria-disabled': true, 'aria-busy': true }
    : { type }
  return (
    <button
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      className={cx(
        'inline-flex shrink-0 items-center justify-center rounded-full border-[1.5px] transition-colors duration-150',
        'disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:cursor-progress',
        size === 'lg' ? 'size-14 [&_svg]:size-6' : 'size-11',
        variant === 'filled' ? 'border-danger bg-danger text-on-accent hover:opacity-90' : variants[variant],
        'aria-pressed:border-accent aria-pressed:bg-accent aria-pressed:text-on-accent',
        className,
      )}
      {...rest}
      {...held}
    >
      {busy ? <Spinner /> : icon}
    </button>
  )
}

const Spinner = ({ size = 18 }: { size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden className="animate-spin">
    <circle cx="12" cy="12" r="9" stroke="currentColor" strokeOpacity=".25" strokeWidth="3" />
    <path d="M21 12a9 9 0 0 0-9-9" stroke="currentColor" strokeWidth="3" strokeLinecap="round" />
  </svg>
)
