'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { useWhen } from '@/components/account/use-when'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { AskFirst } from '@/components/ui/ask-first'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { CheckIcon, QrIcon, WarningIcon } from '@/components/ui/icons'
import { Badge, Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import type { AccessContract, InvitationRow, Role } from '@/lib/access/rules'
import { call } from '@/lib/browser/api'
import { extendChain } from '@/lib/browser/staff-chain'
import { vault } from '@/lib/browser/vault'
import type { KeptInvitation } from '@/lib/browser/vault-api'
import { VaultError } from '@/lib/browser/vault-error'
import type { MembersVault } from '@/lib/browser/vault-members-api'
import { CompareDialog } from './compare-dialog'
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

const same = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((each) => b.includes(each))

/** Whether the server shows another invitation than this browser made. Who has answered may call themselves otherwise. */
function isAltered(shown: InvitationRow, kept: KeptInvitation): boolean {
  if (!shown.answer && shown.displayName !== kept.displayName) return true
  return !same(shown.roles, kept.roles) || !same(shown.groups, kept.groups)
}

function Invitation({ invitation, onChanged }: { invitation: InvitationRow; onChanged: () => Promise<void> }) {
  const t = useTranslations('admin')
  const s = useTranslations('staff')
  const m = useTranslations('members')
  const when = useWhen()
  const toast = useToast()
  const reason = useReason()
  const { me, chain, reloadChain } = useStaff()
  const [fault, setFault] = useState<string | null>(null)
  const [shown, setShown] = useState(false)
  const [comparing, setComparing] = useState<Omit<Parameters<MembersVault['vouch']>[0], 'chain'> | null>(null)
  /** Undefined until this browser has looked; null when the invitation was made in another. */
  const [kept, setKept] = useState<KeptInvitation | null>()
  const { id, answer } = invitation
  useEffect(() => {
    void vault()
      .recallInvitation(id)
      .then(setKept, () => setKept(null))
  }, [id])
  // The defence of attack 7 against rows that were altered or swapped: who was invited, and to what, is what this browser kept.
  const { displayName, roles } = kept ?? invitation
  const altered = Boolean(kept && isAltered(invitation, kept))
  const named = (list: readonly string[]) => list.map((role) => s(`role.${role as Role}`)).join(', ')

  /** Checks the newcomer's keys by the fragment's secret, and shows the code that their page shows for these keys. */
  const [check, checking] = useBusy(async () => {
    if (!answer || altered) return
    setFault(null)
    if (!kept) return setFault(t('invitations.noSecret'))
    const { clinicId } = me
    const { memberId, keys, mac } = answer
    const newcomer = { clinicId, invitation: kept, memberId, keys, mac }
    const chain = await call('access/chain', { clinicId })
    if (!chain.ok) return setFault(reason(chain.code))
    try {
      const { code } = await vault().newcomerCode({ ...newcomer, chain: chain.value })
      setComparing({ ...newcomer, compared: code })
    } catch (error) {
      setFault(reason(error instanceof VaultError ? error.code : 'INTERNAL'))
    }
  })
  /** Signs for the very keys that were compared. Who lost the race reads the chain and signs again. */
  const [vouch, vouching] = useBusy(async () => {
    if (!comparing) return
    const code = await extendChain(
      me.clinicId,
      (fresh) => vault().vouch({ ...comparing, chain: fresh }),
      (signed) => call('access/vouch', { id, ...signed }),
      reloadChain,
    )
    setComparing(null)
    if (code) return setFault(reason(code))
    toast(t('invitations.vouched', { name: displayName }), 'success')
    await onChanged()
  })
  const [differs, ending] = useBusy(async () => {
    const sent = await call('access/cancel-invitation', { id })
    setComparing(null)
    if (!sent.ok) return setFault(reason(sent.code))
    toast(m('differed', { name: displayName }), 'danger')
    await onChanged()
  })
  const cancel = async () => {
    const sent = await call('access/cancel-invitation', { id })
    return sent.ok ? null : reason(sent.code)
  }
  const show = () => {
    if (kept) setShown(true)
    else setFault(t('invitations.noSecret'))
  }
  return (
    <li className="py-4 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
        <div className="min-w-0 flex-1 basis-56">
          <p className="font-semibold">{displayName}</p>
          <p className="text-sm text-soft">
            {[kept ? '' : invitation.title, named(roles)].filter(Boolean).join(' · ')}
          </p>
          {answer && kept && invitation.displayName !== displayName ? (
            <p className="text-sm text-soft">{t('invitations.answersAs', { name: invitation.displayName })}</p>
          ) : null}
        </div>
        {altered ? (
          <Badge tone="danger" icon={<WarningIcon size={14} />}>
            {t('invitations.altered')}
          </Badge>
        ) : answer ? (
          <Badge tone="accent">{t('invitations.answered')}</Badge>
        ) : (
          <Badge tone={invitation.expired ? 'warning' : 'neutral'}>
            {invitation.expired
              ? t('invitations.expired')
              : t('invitations.open', { date: when(invitation.expiresAt) })}
          </Badge>
        )}
        {altered || kept === undefined ? null : answer ? (
          <Button variant="primary" size="sm" icon={<CheckIcon />} busy={checking} onClick={() => void check()}>
            {t('invitations.vouch')}
          </Button>
        ) : invitation.expired ? null : (
          <Button size="sm" icon={<QrIcon size={18} />} onClick={show}>
            {t('invitations.show')}
          </Button>
        )}
        <AskFirst
          trigger={
            <Button size="sm" variant="quiet">
              {t('invitations.cancel')}
            </Button>
          }
          title={t('invitations.cancelTitle', { name: displayName })}
          description={t('invitations.cancelText', { name: displayName })}
          cancelLabel={t('invitations.keep')}
          actionLabel={t('invitations.cancel')}
          act={cancel}
          onDone={onChanged}
        />
      </div>
      {altered ? (
        <Banner tone="danger" announce className="mt-3">
          {t('invitations.alteredText', { name: displayName, roles: named(roles), shown: named(invitation.roles) })}
        </Banner>
      ) : null}
      {fault ? (
        <Banner tone="danger" announce className="mt-3" title={answer ? t('invitations.refused') : undefined}>
          {fault}
        </Banner>
      ) : null}
      <CompareDialog
        name={displayName}
        code={comparing?.compared ?? null}
        onSame={() => void vouch()}
        signing={vouching}
        onDiffers={() => void differs()}
        ending={ending}
        onClose={() => setComparing(null)}
      />
      {shown && kept && !answer && !altered ? (
        <div className="mt-4">
          <ShareLink id={id} secret={kept.secret} rootFingerprint={chain.rootFingerprint} />
        </div>
      ) : null}
    </li>
  )
}
