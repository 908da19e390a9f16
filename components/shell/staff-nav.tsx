'use client'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { type ReactNode, useCallback, useState } from 'react'
import { cx } from '@/components/ui/cx'
import { Dialog } from '@/components/ui/dialog'
import {
  CalendarIcon,
  ClinicIcon,
  ClockIcon,
  ColumnsIcon,
  CoinsIcon,
  EyeIcon,
  HourglassIcon,
  ListIcon,
  MoreIcon,
  PinIcon,
  RecallIcon,
  ShieldIcon,
  TrashIcon,
  WarningIcon,
  UsersIcon,
} from '@/components/ui/icons'
import { CloseSheet } from './sheet'

const icons = {
  log: EyeIcon,
  today: CalendarIcon,
  calendar: ColumnsIcon,
  recalls: RecallIcon,
  waitlist: HourglassIcon,
  services: ListIcon,
  hours: ClockIcon,
  sites: PinIcon,
  team: UsersIcon,
  money: CoinsIcon,
  clinic: ClinicIcon,
  security: ShieldIcon,
  records: TrashIcon,
  emergency: WarningIcon,
}

/** Named, not passed: a component cannot cross from the server to the browser. */
export interface NavItem {
  icon: keyof typeof icons
  href: string
  label: string
}

/** An encounter is part of today's list. */
const isCurrent = (path: string, { href }: NavItem) =>
  path === href || path.startsWith(`${href}/`) || (href === '/today' && path.startsWith('/encounter/'))

export function SideNav({ label, items }: { label: string; items: NavItem[] }) {
  const path = usePathname()
  return (
    <nav aria-label={label}>
      <ul className="flex flex-col gap-1">
        {items.map((item) => (
          <li key={item.href}>
            <NavLink item={item} current={isCurrent(path, item)} />
          </li>
        ))}
      </ul>
    </nav>
  )
}

const NavLink = ({ item, current }: { item: NavItem; current: boolean }) => {
  const Icon = icons[item.icon]
  return (
    <Link
      href={item.href}
      aria-current={current ? 'page' : undefined}
      className={cx(
        'flex min-h-11 items-center gap-3 rounded-control px-3 transition-colors',
        current ? 'bg-wash font-semibold text-accent' : 'text-soft hover:bg-line hover:text-ink',
      )}
    >
      <Icon />
      {item.label}
    </Link>
  )
}

const atThumb = 3

export function PhoneBar({
  label,
  more,
  close,
  items,
  extras,
}: {
  label: string
  more: string
  close: string
  items: NavItem[]
  extras: ReactNode
}) {
  const path = usePathname()
  const [open, setOpen] = useState(false)
  const [shown, setShown] = useState(path)
  if (shown !== path) {
    setShown(path)
    setOpen(false)
  }
  const shut = useCallback(() => setOpen(false), [])
  const rest = items.slice(atThumb)
  const cell = 'flex min-h-16 w-full flex-col items-center justify-center gap-0.5 text-xs -outline-offset-3'
  return (
    <nav
      aria-label={label}
      className="fixed inset-x-0 bottom-0 z-30 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] lg:hidden print:hidden"
    >
      <ul className="grid auto-cols-fr grid-flow-col">
        {items.slice(0, atThumb).map((item) => {
          const Icon = icons[item.icon]
          const current = isCurrent(path, item)
          return (
            <li key={item.href}>
              <Link
                href={item.href}
                aria-current={current ? 'page' : undefined}
                className={cx(cell, current ? 'font-semibold text-accent' : 'text-soft')}
              >
                <Icon size={22} />
                {item.label}
              </Link>
            </li>
          )
        })}
        <li>
          <Dialog
            title={more}
            closeLabel={close}
            open={open}
            onOpenChange={setOpen}
            trigger={
              <button
                type="button"
                className={cx(
                  cell,
                  rest.some((item) => isCurrent(path, item)) ? 'font-semibold text-accent' : 'text-soft',
                )}
              >
                <MoreIcon size={22} />
                {more}
              </button>
            }
          >
            {rest.length > 0 ? <SideNav label={more} items={rest} /> : null}
            <div className="mt-5 flex flex-col gap-4 border-t border-line pt-5">
              <CloseSheet value={shut}>{extras}</CloseSheet>
            </div>
          </Dialog>
        </li>
      </ul>
    </nav>
  )
}
