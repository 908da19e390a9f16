'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Banner } from '@/components/ui/status'
import { TextArea } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { confirmKeys } from '@/lib/browser/rekey'
import type { RekeyRow } from '@/lib/rekey/rules'

const wordCount = 8
/** What a refusal means here, where the general sentence speaks of something else. */
const meaning = {
  TOO_EARLY: 'early',
  WRONG_STATE: 'firstGone',
  CHAIN_INVALID: 'firstGone',
  BAD_ENVELOPE: 'otherKeys',
} as const

/** The words are typed as they were told: there is nothing here to agree to. */
export function CompareWords({
  row,
  onClose,
  onDone,
}: {
  row: RekeyRow
  onClose: () => void
  onDone: () => Promise<void>
}) {
  const t = useTranslations('lost')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const { me, reloadChain } = useStaff()
  const [words, setWords] = useState('')
  const [wrong, setWrong] = useState('')
  const [fault, setFault] = useState('')
  const { displayName: name, approval } = row
  const [send, sending] = useBusy(async () => {
    const few = (words.match(/[a-z]+/gi) ?? []).length < wordCount
    setWrong(few ? t('compare.few') : '')
    setFault('')
    if (few) return
    const code = await confirmKeys(me.clinicId, row, words, reloadChain)
    if (code === 'WRONG_WORDS') return setWrong(reason(code))
    if (code === 'NOT_FOUND') {
      toast(t('compare.ended'), 'danger')
      onClose()
      return onDone()
    }
    if (code) {
      const known = Object.hasOwn(meaning, code) ? meaning[code as keyof typeof meaning] : null
      setFault(known ? t(`compare.${known}`) : reason(code))
      return onDone()
    }
    toast(approval ? t('requests.finished', { name }) : t('requests.approved'), 'success')
    onClose()
    await onDone()
  })
  return (
    <Dialog
      open
      title={t('compare.title', { name })}
      description={t('compare.lead', { name })}
      closeLabel={c('close')}
      onOpenChange={(open) => !open && onClose()}
      footer={
        <Button variant="primary" busy={sending} onClick={() => void send()}>
          {t(approval ? 'compare.second' : 'compare.first')}
        </Button>
      }
    >
      <TextArea
        label={t('compare.words')}
        hint={t('compare.wordsHint')}
        error={wrong || undefined}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        rows={2}
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
      {fault ? (
        <Banner tone="danger" announce className="mt-4">
          {fault}
        </Banner>
      ) : null}
    </Dialog>
  )
}
