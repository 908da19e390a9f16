'use client'
import { AlertDialog as BaseAlert } from '@base-ui/react/alert-dialog'
import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import type { ReactElement, ReactNode, RefObject } from 'react'
import { Button, IconButton } from './button'
import { cx } from './cx'
import { CrossIcon } from './icons'

const backdrop =
  'fixed inset-0 z-40 bg-scrim transition-opacity duration-200 data-ending-style:opacity-0 data-starting-style:opacity-0'
/** A sheet from below on a phone, a card in the middle elsewhere. */
const popup = cx(
  'fixed z-40 flex max-h-[92dvh] w-full flex-col overflow-y-auto border border-line bg-surface p-6 shadow-high outline-none',
  'transition-[opacity,translate] duration-250 ease-drape',
  'max-sm:inset-x-0 max-sm:bottom-0 max-sm:rounded-t-sheet max-sm:data-ending-style:translate-y-full max-sm:data-starting-style:translate-y-full',
  'sm:top-1/2 sm:left-1/2 sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-card',
  'sm:data-ending-style:opacity-0 sm:data-starting-style:opacity-0',
)
const footer = 'mt-6 flex flex-col-reverse gap-2.5 sm:flex-row sm:justify-end'

export interface DialogProps {
  title: ReactNode
  description?: ReactNode
  children?: ReactNode
  /** Buttons at the end. */
  footer?: ReactNode
  closeLabel: string
  /** A button that opens it; or control it by `open` and `onOpenChange`. */
  trigger?: ReactElement
  open?: boolean
  onOpenChange?: (open: boolean) => void
  wide?: boolean
  /** What it shows is shown once, or what is typed would be lost: neither Escape nor a touch beside it closes it. */
  firm?: boolean
  /** Where the focus goes when it closes, if not to what opened it. */
  finalFocus?: RefObject<HTMLElement | null>
}

export const Dialog = ({
  title,
  description,
  children,
  footer: end,
  closeLabel,
  trigger,
  open,
  onOpenChange,
  wide,
  firm,
  finalFocus,
}: DialogProps) => (
  <BaseDialog.Root
    open={open}
    disablePointerDismissal={firm}
    onOpenChange={
      onOpenChange &&
      ((next, event) => {
        if (firm && event.reason === 'escape-key') event.cancel()
        else onOpenChange(next)
      })
    }
  >
    {trigger ? <BaseDialog.Trigger render={trigger} /> : null}
    <BaseDialog.Portal>
      <BaseDialog.Backdrop className={backdrop} />
      <BaseDialog.Popup finalFocus={finalFocus} className={cx(popup, wide ? 'sm:max-w-3xl' : 'sm:max-w-lg')}>
        <div className="mb-4 flex items-start justify-between gap-4">
          <BaseDialog.Title className="text-xl">{title}</BaseDialog.Title>
          <BaseDialog.Close render={<IconButton label={closeLabel} icon={<CrossIcon />} className="-me-2 -mt-2" />} />
        </div>
        {description ? <BaseDialog.Description className="mb-4 text-soft">{description}</BaseDialog.Description> : null}
        {children}
        {end ? <div className={footer}>{end}</div> : null}
      </BaseDialog.Popup>
    </BaseDialog.Portal>
  </BaseDialog.Root>
)

export interface AlertDialogProps {
  title: ReactNode
  description: ReactNode
  cancelLabel: string
  actionLabel: string
  /** The dialog stays until the caller closes it, so that `busy` and an error can be shown. */
  onAction: () => void
  danger?: boolean
  busy?: boolean
  children?: ReactNode
  trigger?: ReactElement
  open?: boolean
  onOpenChange?: (open: boolean) => void
}

/** Asks before something that cannot be undone. Clicking beside it does not answer. */
export const AlertDialog = ({
  title,
  description,
  cancelLabel,
  actionLabel,
  onAction,
  danger,
  busy,
  children,
  trigger,
  open,
  onOpenChange,
}: AlertDialogProps) => (
  <BaseAlert.Root open={open} onOpenChange={onOpenChange && ((next) => onOpenChange(next))}>
    {trigger ? <BaseAlert.Trigger render={trigger} /> : null}
    <BaseAlert.Portal>
      <BaseAlert.Backdrop className={backdrop} />
      <BaseAlert.Popup className={cx(popup, 'sm:max-w-lg')}>
        <BaseAlert.Title className="text-xl">{title}</BaseAlert.Title>
        <BaseAlert.Description className="mt-2 text-soft">{description}</BaseAlert.Description>
        {children}
        <div className={footer}>
          <BaseAlert.Close render={<Button />}>{cancelLabel}</BaseAlert.Close>
          <Button variant={danger ? 'danger' : 'primary'} busy={busy} onClick={onAction}>
            {actionLabel}
          </Button>
        </div>
      </BaseAlert.Popup>
    </BaseAlert.Portal>
  </BaseAlert.Root>
)
