'use client'
import { useTranslations } from 'next-intl'
import { type ReactElement, useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { RadioGroup } from '@/components/ui/choice'
import { Dialog } from '@/components/ui/dialog'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import type { Answer } from '@/lib/browser/api'

export interface ChoiceDialogProps<Ground extends string> {
  title: string
  text: string
  action: string
  grounds: readonly Ground[]
  labelOf: (ground: Ground) => string
  onChoose: (ground: Ground) => Promise<Answer<{ done: true }>>
  onDone: () => Promise<void>
  trigger: ReactElement
}

/** Something that an officer does for one of a few reasons. */
export function ChoiceDialog<Ground extends string>(props: ChoiceDialogProps<Ground>) {
  const { title, text, action, grounds, labelOf, onChoose, onDone, trigger } = props
  const c = useTranslations('common')
  const t = useTranslations('retention')
  const toast = useToast()
  const reason = useReason()
  const [open, setOpen] = useState(false)
  const [ground, setGround] = useState<Ground | null>(null)
  const [missing, setMissing] = useState(false)
  /** No reason is chosen for them: it is signed, and the patient may read it. */
  const ask = (isOpen: boolean) => {
    setGround(null)
    setMissing(false)
    setOpen(isOpen)
  }
  const [choose, busy] = useBusy(async () => {
    setMissing(ground === null)
    if (ground === null) return
    const answer = await onChoose(ground)
    ask(false)
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    toast(c('saved'), 'success')
    await onDone()
  })
  return (
    <Dialog
      title={title}
      description={text}
      closeLabel={c('close')}
      trigger={trigger}
      open={open}
      onOpenChange={ask}
      footer={
        <Button variant="primary" busy={busy} onClick={() => void choose()}>
          {action}
        </Button>
      }
    >
      <RadioGroup
        label={t('ground')}
        name="ground"
        value={ground ?? ''}
        error={missing ? reason.field('choose') : undefined}
        onChange={(event) => setGround(event.target.value as Ground)}
        options={grounds.map((each) => ({ value: each, label: labelOf(each) }))}
      />
    </Dialog>
  )
}
