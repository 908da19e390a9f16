'use client'
import { Toast as BaseToast } from '@base-ui/react/toast'
import { type ReactNode, useRef } from 'react'
import { IconButton } from './button'
import { cx } from './cx'
import { CheckCircleIcon, CrossIcon, InfoIcon, WarningIcon } from './icons'
import { useDodge } from './use-dodge'

type Tone = 'info' | 'success' | 'danger'
const looks = {
  info: ['text-info', InfoIcon],
  success: ['text-success', CheckCircleIcon],
  danger: ['text-danger', WarningIcon],
} as const

/** Once, around the pages that use `useToast`. */
export const ToastProvider = ({ children, closeLabel }: { children: ReactNode; closeLabel: string }) => (
  <BaseToast.Provider timeout={7000}>
    {children}
    <BaseToast.Portal>
      <Viewport closeLabel={closeLabel} />
    </BaseToast.Portal>
  </BaseToast.Provider>
)

/** `const toast = useToast(); toast('Saved', 'success')`: what has happened. What must be decided is a dialog or a banner. */
export function useToast() {
  const { add } = BaseToast.useToastManager()
  return (title: string, tone: Tone = 'info') =>
    add({ title, type: tone, priority: tone === 'danger' ? 'high' : 'low' })
}

function Viewport({ closeLabel }: { closeLabel: string }) {
  const { toasts } = BaseToast.useToastManager()
  const viewport = useRef<HTMLDivElement>(null)
  const high = useDodge(viewport, toasts.length > 0)
  return (
    <BaseToast.Viewport
      ref={viewport}
      className={cx(
        'fixed inset-x-4 z-50 flex flex-col gap-2.5 sm:start-auto sm:end-6 sm:w-96',
        high ? 'top-4 sm:top-6' : 'bottom-20 sm:bottom-6',
      )}
    >
      <Toasts closeLabel={closeLabel} />
    </BaseToast.Viewport>
  )
}

function Toasts({ closeLabel }: { closeLabel: string }) {
  const { toasts } = BaseToast.useToastManager()
  return toasts.map((toast) => {
    const [color, Icon] = looks[(toast.type as Tone) ?? 'info'] ?? looks.info
    return (
      <BaseToast.Root
        key={toast.id}
        toast={toast}
        swipeDirection={['right', 'down']}
        // News and not a question: whoever looks for the open dialog finds that one alone.
        role="group"
        aria-modal={undefined}
        className="rounded-card border border-line bg-surface shadow-high transition-[opacity,translate] duration-250 ease-drape data-ending-style:opacity-0 data-limited:hidden data-starting-style:translate-y-4 data-starting-style:opacity-0"
      >
        <BaseToast.Content className="flex items-center gap-3 py-2 ps-4 pe-2">
          <Icon size={22} className={cx(color)} />
          <BaseToast.Title className="min-w-0 flex-1 font-sans text-base font-semibold tracking-normal" />
          {/* It can be reached by Tab at any time, so it is never hidden from whoever hears the page. */}
          <BaseToast.Close
            aria-hidden={undefined}
            render={<IconButton label={closeLabel} icon={<CrossIcon size={18} />} />}
          />
        </BaseToast.Content>
      </BaseToast.Root>
    )
  })
}
