'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useRef, useState } from 'react'
import { useWhen } from '@/components/account/use-when'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import type { ComingAppointment } from '@/lib/access/rules'
import { call } from '@/lib/browser/api'
import { extendChain } from '@/lib/browser/staff-chain'
import { vault } from '@/lib/browser/vault'
import type { MemberProps } from './member-props'

/** Out of the chain, and with it new keys for the groups that were left. Appointments stand, and are shown before. */
export function Removal({ row, onClose, onDone }: MemberProps) {
  const t = useTranslations('members')
  const when = useWhen()
  const reason = useReason()
  const toast = useToast()
  const { me, chain, reloadChain } = useStaff()
  const { memberId, displayName: name } = row
  /** Null until somebody asks to remove. */
  const [coming, setComing] = useState<ComingAppointment[] | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const question = useRef<HTMLDivElement>(null)
  const isAsked = coming !== null
  useEffect(() => {
    // After the dialog has caught what the button that went had.
    if (isAsked) requestAnimationFrame(() => question.current?.focus())
  }, [isAsked])
  const [ask, asking] = useBusy(async () => {
    setFault(null)
    const answer = await call('access/coming', { memberId })
    if (answer.ok) setComing(answer.value.coming)
    else setFault(reason(answer.code))
  })
  const [remove, removing] = useBusy(async () => {
    setFault(null)
    const { clinicId } = me
    const code = await extendChain(
      clinicId,
      (fresh) => vault().removeMember({ clinicId, chain: fresh, memberId }),
      (extended) => call('access/remove-member', { memberId, ...extended }),
      reloadChain,
    )
    if (code) return setFault(code === 'CHAIN_INVALID' ? t('lastOfGroup') : reason(code))
    toast(t('removed', { name }), 'success')
    await onDone()
    onClose()
  })
  if (memberId === me.memberId || !chain.members.some((member) => member.memberId === memberId)) return null
  return (
    <section className="mt-6 border-t border-line pt-5">
      <h3 className="text-lg">{t('removeTitle')}</h3>
      <p className="mt-1 mb-4 text-soft">{t('removeText', { name })}</p>
      {fault ? (
        <Banner tone="danger" announce className="mb-4">
          {fault}
        </Banner>
      ) : null}
      {coming === null ? (
        <Button variant="danger" busy={asking} onClick={() => void ask()}>
          {t('removeAction', { name })}
        </Button>
      ) : (
        <div ref={question} tabIndex={-1} role="group" aria-label={t('removeSure', { name })}>
          {coming.length ? (
            <>
              <p className="mb-2 font-semibold">{t('coming', { name, count: coming.length })}</p>
              <ul className="mb-4 max-h-48 list-disc overflow-y-auto ps-5">
                {coming.map(({ id, startsAt, service }) => (
                  <li key={id}>{t('comingItem', { when: when(startsAt), service })}</li>
                ))}
              </ul>
            </>
          ) : (
            <p className="mb-4">{t('comingNone', { name })}</p>
          )}
          <div className="flex flex-wrap gap-3">
            <Button variant="danger" busy={removing} onClick={() => void remove()}>
              {t('removeSure', { name })}
            </Button>
            <Button onClick={() => setComing(null)}>{t('keep')}</Button>
          </div>
        </div>
      )}
    </section>
  )
}
