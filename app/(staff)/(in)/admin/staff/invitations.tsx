'use client'
import { useFormatter, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { CheckIcon, QrIcon } from '@/components/ui/icons'
import { Badge, Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import type { AccessContract, InvitationRow } from '@/lib/access/rules'
import { call } from '@/lib/browser/api'
import { extendChain } from '@/lib/browser/staff-chain'
import { vault } from '@/lib/browser/vault'
import { ShareLink } from './share-link'

/** Those not settled yet. One that was answered waits for this browser: it has the secret, so only it can check. */
export function Invitations({
  listed,
  onChanged,
}: {
  listed: AccessContract['access/staff']['out']
  onChanged: () => Promise<void>
}) {
  const t = useTranslations('admin')
  if (!listed.invitations.length) return null
  return (
    <Card className="mb-6">
      <CardTitle>{t('invitations.title')}</CardTitle>
      <ul className="divide-y divide-line">
        {listed.invitations.map((invitation) => (
          <Invitation key={invitation.id} invitation={invitation} onChanged={onChanged} />
        ))}
      </ul>
    </Card>
  )
}

function Invitation({ invitation, onChanged }: { invitation: InvitationRow; onChanged: () => Promise<void> }) {
  const t = useTranslations('admin')
  const s = useTranslations('staff')
  const format = useFormatter()
  const toast = useToast()
  const reason = useReason()
  const { me, chain, reloadChain } = useStaff()
  const [fault, setFault] = useState<string | null>(null)
  const [secret, setSecret] = useState<string | null>(null)
  const { id, answer } = invitation

  /** Checks the newcomer's keys by the fragment's secret, and only then signs. Who lost the race reads the chain and signs again. */
  const [vouch, vouching] = useBusy(async () => {
    if (!answer) return
    setFault(null)
    const kept = await vault().recallInvitation(id)
    if (!kept) return setFault(t('invitations.noSecret'))
    const { clinicId } = me
    const { memberId, keys, mac } = answer
    const { roles, groups } = invitation
    const newcomer = { clinicId, invitation: kept, memberId, roles, groups, keys, mac }
    const code = await extendChain(
      clinicId,
      (fresh) => vault().vouch({ ...newcomer, chain: fresh }),
      (signed) => call('access/vouch', { id, ...signed }),
      reloadChain,
    )
    if (code) return setFault(reason(code))
    toast(t('invitations.vouched', { name: invitation.displayName }), 'success')
    await onChanged()
  })
  const [cancel, cancelling] = useBusy(async () => {
    const sent = await call('access/cancel-invitation', { id })
    if (!sent.ok) return setFault(reason(sent.code))
    await onChanged()
  })
  const show = async () => {
    const kept = await vault().recallInvitation(id)
    if (kept) setSecret(kept.secret)
    else setFault(t('invitations.noSecret'))
  }
  return (
    <li className="py-4 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
        <div className="min-w-0 flex-1 basis-56">
          <p className="font-semibold">{invitation.displayName}</p>
          <p className="text-sm text-soft">
            {[invitation.title, invitation.roles.map((role) => s(`role.${role}`)).join(', ')]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </div>
        {answer ? (
          <Badge tone="accent">{t('invitations.answered')}</Badge>
        ) : (
          <Badge tone={invitation.expired ? 'warning' : 'neutral'}>
            {invitation.expired
              ? t('invitations.expired')
              : t('invitations.open', {
                  date: format.dateTime(new Date(invitation.expiresAt), { dateStyle: 'medium' }),
                })}
          </Badge>
        )}
        {answer ? (
          <Button variant="primary" size="sm" icon={<CheckIcon />} busy={vouching} onClick={() => void vouch()}>
            {t('invitations.vouch')}
          </Button>
        ) : invitation.expired ? null : (
          <Button size="sm" icon={<QrIcon size={18} />} onClick={() => void show()}>
            {t('invitations.show')}
          </Button>
        )}
        <Button size="sm" variant="quiet" busy={cancelling} onClick={() => void cancel()}>
          {t('invitations.cancel')}
        </Button>
      </div>
      {fault ? (
        <Banner tone="danger" announce className="mt-3" title={answer ? t('invitations.refused') : undefined}>
          {fault}
        </Banner>
      ) : null}
      {secret && !answer ? (
        <div className="mt-4">
          <ShareLink id={id} secret={secret} rootFingerprint={chain.rootFingerprint} />
        </div>
      ) : null}
    </li>
  )
}
