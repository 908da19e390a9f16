'use client'
import { type ReactElement, useState } from 'react'
import { AlertDialog, type AlertDialogProps } from './dialog'
import { Banner } from './status'
import { useBusy } from './use-busy'

type Words = Pick<AlertDialogProps, 'title' | 'description' | 'cancelLabel' | 'actionLabel'>

interface Props extends Words {
  /** Does it: null where it is done, else the sentence that says why it was refused. */
  act: () => Promise<string | null>
  /** After it was done; the button is busy until this is over. */
  onDone?: () => void | Promise<void>
  trigger: ReactElement
}

/** Asks before something that cannot be undone, and does it once. A refusal is read where the question was asked. */
export function AskFirst({ act, onDone, trigger, ...words }: Props) {
  const [asking, setAsking] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const [go, busy] = useBusy(async () => {
    const refused = await act()
    setRefusal(refused)
    if (refused !== null) return
    await onDone?.()
    setAsking(false)
  })
  const ask = (open: boolean) => {
    setRefusal(null)
    setAsking(open)
  }
  return (
    <AlertDialog
      {...words}
      danger
      busy={busy}
      open={asking}
      onOpenChange={ask}
      onAction={() => void go()}
      trigger={trigger}
    >
      {refusal === null ? null : (
        <Banner tone="danger" announce className="mt-4">
          {refusal}
        </Banner>
      )}
    </AlertDialog>
  )
}
