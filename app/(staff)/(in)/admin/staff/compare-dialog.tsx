'use client'
import { useTranslations } from 'next-intl'
import { spokenCode } from '@/components/staff/fingerprint'
import { NewcomerCode } from '@/components/staff/newcomer-code'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { CheckIcon } from '@/components/ui/icons'

/** Nobody is vouched for before two people have compared what both their pages show. */
export function CompareDialog({
  name,
  code,
  onSame,
  signing,
  onDiffers,
  ending,
  onClose,
}: {
  name: string
  /** Null while nothing is compared. */
  code: string | null
  onSame: () => void
  signing: boolean
  onDiffers: () => void
  ending: boolean
  onClose: () => void
}) {
  const t = useTranslations('members')
  const c = useTranslations('common')
  return (
    <Dialog
      title={t('compareTitle', { name })}
      description={t('compareText', { name })}
      closeLabel={c('close')}
      open={code !== null}
      onOpenChange={(open) => !open && onClose()}
      footer={
        <>
          <Button variant="danger" busy={ending} disabled={signing} onClick={onDiffers}>
            {t('compareDiffers')}
          </Button>
          <Button variant="primary" icon={<CheckIcon />} busy={signing} disabled={ending} onClick={onSame}>
            {t('compareSame')}
          </Button>
        </>
      }
    >
      {code ? <NewcomerCode words={spokenCode(code)} label={t('compareLabel')} /> : null}
    </Dialog>
  )
}
