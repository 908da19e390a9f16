'use client'
import { Menu as BaseMenu } from '@base-ui/react/menu'
import { Tabs as BaseTabs } from '@base-ui/react/tabs'
import type { ReactElement, ReactNode } from 'react'
import { cx } from './cx'

export interface MenuItem {
  label: string
  icon?: ReactNode
  onSelect?: () => void
  href?: string
  danger?: boolean
  disabled?: boolean
  /** A line above it. */
  apart?: boolean
}

const itemClass = (danger?: boolean) =>
  cx(
    'flex min-h-11 items-center gap-3 rounded-tag px-3 text-base no-underline outline-none select-none',
    'data-disabled:opacity-50 data-highlighted:bg-wash',
    danger ? 'text-danger' : 'text-ink',
  )

/** A menu without a trigger of its own: beside what was pressed, which has the focus again afterwards. */
export interface MenuBeside {
  anchor: HTMLElement
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** `<Menu trigger={<IconButton label="More" icon={<MoreIcon />} />} items={…} />` */
export const Menu = ({
  trigger,
  beside,
  heading,
  items,
  align = 'end',
}: {
  trigger?: ReactElement
  beside?: MenuBeside
  /** What the items are about. */
  heading?: ReactNode
  items: MenuItem[]
  align?: 'start' | 'end'
}) => (
  <BaseMenu.Root open={beside?.open} onOpenChange={beside && ((next) => beside.onOpenChange(next))}>
    {trigger ? <BaseMenu.Trigger render={trigger} /> : null}
    <BaseMenu.Portal>
      <BaseMenu.Positioner anchor={beside?.anchor} sideOffset={6} align={align} className="z-50 outline-none">
        <BaseMenu.Popup
          finalFocus={beside && (() => beside.anchor)}
          className="min-w-52 origin-(--transform-origin) rounded-control border border-line bg-surface p-1.5 shadow-high transition-[opacity,scale] duration-150 ease-drape outline-none data-ending-style:opacity-0 data-starting-style:scale-97 data-starting-style:opacity-0"
        >
          {heading}
          {items.map(({ label, icon, onSelect, href, danger, disabled, apart }) => (
            <div key={label} role="presentation">
              {apart ? <BaseMenu.Separator className="mx-2 my-1.5 h-px bg-line" /> : null}
              {href ? (
                <BaseMenu.LinkItem href={href} className={itemClass(danger)}>
                  {icon}
                  {label}
                </BaseMenu.LinkItem>
              ) : (
                <BaseMenu.Item onClick={onSelect} disabled={disabled} className={itemClass(danger)}>
                  {icon}
                  {label}
                </BaseMenu.Item>
              )}
            </div>
          ))}
        </BaseMenu.Popup>
      </BaseMenu.Positioner>
    </BaseMenu.Portal>
  </BaseMenu.Root>
)

export interface TabItem {
  value: string
  label: string
  /** A count or a mark beside the label. */
  badge?: ReactNode
  panel: ReactNode
  /** Keeps what is typed in a panel while another is shown. */
  keep?: boolean
}

export const Tabs = ({
  items,
  label,
  value,
  defaultValue,
  onValueChange,
}: {
  items: TabItem[]
  label: string
  value?: string
  defaultValue?: string
  onValueChange?: (value: string) => void
}) => (
  <BaseTabs.Root
    value={value}
    defaultValue={value === undefined ? (defaultValue ?? items[0]?.value) : undefined}
    onValueChange={onValueChange && ((next) => onValueChange(String(next)))}
  >
    <BaseTabs.List aria-label={label} className="mb-5 flex gap-1 overflow-x-auto border-b border-line">
      {items.map((item) => (
        <BaseTabs.Tab
          key={item.value}
          value={item.value}
          className="flex min-h-12 items-center gap-2 rounded-t-control border-b-3 border-transparent px-4 whitespace-nowrap text-soft -outline-offset-3 transition-colors hover:text-ink data-active:border-accent data-active:font-semibold data-active:text-ink"
        >
          {item.label}
          {item.badge}
        </BaseTabs.Tab>
      ))}
    </BaseTabs.List>
    {items.map((item) => (
      <BaseTabs.Panel key={item.value} value={item.value} keepMounted={item.keep} className="rounded-control">
        {item.panel}
      </BaseTabs.Panel>
    ))}
  </BaseTabs.Root>
)
