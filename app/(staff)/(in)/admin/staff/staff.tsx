'use client'
import { useFormatter, useTranslations } from 'next-intl'
import Link from 'next/link'
import { useEffect, useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { RekeyRequests } from '@/components/rekey/requests'
import { useLive } from '@/components/staff/use-live'
import { Button } from '@/components/ui/button'
import { Card, CardTitle, PageHeader } from '@/components/ui/card'
import { PenIcon, PlusIcon, ShieldIcon, WarningIcon } from '@/components/ui/icons'
import { Avatar } from '@/components/ui/progress'
import { Badge, Banner } from '@/components/ui/status'
import { type AccessContract, type Role, sitesOf, type StaffRow } from '@/lib/access/rules'
import { call } from '@/lib/browser/api'
import { isIn } from '@/lib/browser/staff-chain'
import type { ChainView } from '@/lib/browser/vault-api'
import type { SiteView } from '@/lib/site/rules'
import { InviteDialog } from './invite-dialog'
import { Invitations } from './invitations'
import { ListNumber } from './list-number'
import { ProfileDialog } from './profile-dialog'

type Listed = AccessContract['access/staff']['out']
/** What the signed chain says of a member whom the database lists. */
export type Standing = 'vouched' | 'other-keys' | 'other-roles' | 'unvouched'

function standingOf(row: StaffRow, chain: ChainView): Standing {
  const member = chain.members.find((one) => one.memberId === row.memberId)
  if (!member) return 'unvouched'
  // The defence of attack 7: the chain's keys count, the database's are only compared with them.
  if (row.keys?.sign !== member.keys.sign || row.keys.dh !== member.keys.dh) return 'other-keys'
  const same =
    row.roles.length === member.roles.length &&
    row.roles.every((role) => member.roles.includes(role)) &&
    row.ownPatients === member.groups.includes(`clinical:${row.memberId}`) &&
    row.siteIds.join() === sitesOf(member.groups, row.memberId).join()
  return same ? 'vouched' : 'other-roles'
}

function speaksFor(row: StaffRow, members: StaffRow[], chain: ChainView): string | null {
  const voice = chain.members.find((one) => one.memberId === row.memberId)?.voice ?? row.memberId
  if (voice === row.memberId) return null
  return members.find((one) => one.memberId === voice)?.displayName ?? ''
}

/** The sites that a member sees, by what was signed. */
function namesOf(chain: ChainView, memberId: string, sites: readonly SiteView[]): string[] {
  const groups = chain.members.find((one) => one.memberId === memberId)?.groups ?? []
  return sitesOf(groups, memberId).map((id) => sites.find((site) => site.id === id)?.name ?? id)
}

export function Staff({ start, sites }: { start: Listed; sites: SiteView[] }) {
  const t = useTranslations('admin')
  const lost = useTranslations('lost.requests')
  const { chain, reloadChain } = useStaff()
  const [listed, setListed] = useState({ ...start, after: chain.length })
  const [inviting, setInviting] = useState(false)
  const [editing, setEditing] = useState<StaffRow | null>(null)
  const refresh = async () => {
    const fresh = await call('access/staff', {})
    // A list that does not come is judged as it stood.
    setListed((before) => ({ ...(fresh.ok ? fresh.value : before), after: chain.length }))
  }
  useLive(() => void refresh())
  // Joined elsewhere since this browser last looked: the chain is read again before anybody is called unknown.
  const unknown = listed.members.some((row) => row.status === 'active' && standingOf(row, chain) === 'unvouched')
  useEffect(() => {
    if (unknown) void reloadChain()
    // Once for each change of the list.
  }, [listed])

  // The list is read again after the chain has grown, before anybody is said to be missing from one of them.
  const isBehind = listed.after < chain.length
  useEffect(() => {
    if (isBehind) void refresh()
  }, [chain.length])

  const members = listed.members.filter((row) => row.status === 'active')
  const wrong = isBehind ? 0 : members.filter((row) => standingOf(row, chain) !== 'vouched').length
  // The defence of attack 7 against members whom no row shows: the chain counts, and what it says is listed whole.
  const unlisted = isBehind ? [] : chain.members.filter((one) => !members.some((row) => row.memberId === one.memberId))
  return (
    <>
      <PageHeader
        title={t('staff.title')}
        lead={t('staff.lead')}
        actions={
          <Button variant="primary" icon={<PlusIcon />} onClick={() => setInviting(true)}>
            {t('staff.invite')}
          </Button>
        }
      />
      {wrong ? (
        <Banner tone="danger" title={t('staff.wrongTitle', { count: wrong })} announce className="mb-6">
          {t('staff.wrongText')}
        </Banner>
      ) : null}
      {unlisted.length ? (
        <Banner tone="danger" title={t('staff.unlistedTitle', { count: unlisted.length })} announce className="mb-6">
          {t('staff.unlistedText')}
        </Banner>
      ) : null}
      <RekeyRequests className="mb-6" />
      <Invitations listed={listed} onChanged={refresh} />
      <Card padded={false}>
        <ul className="divide-y divide-line">
          {members.map((row) => (
            <Member
              key={row.memberId}
              row={row}
              standing={isBehind ? null : standingOf(row, chain)}
              own={isIn(chain, row.memberId, `clinical:${row.memberId}`)}
              speaksFor={speaksFor(row, members, chain)}
              sites={namesOf(chain, row.memberId, sites)}
              unbookable={listed.unbookable.includes(row.memberId)}
              onEdit={() => setEditing(row)}
            />
          ))}
          {unlisted.map((member) => (
            <Unlisted key={member.memberId} member={member} />
          ))}
        </ul>
      </Card>
      <Card className="mt-6">
        <CardTitle>{t('staff.groupsTitle')}</CardTitle>
        <p className="flex gap-2.5 text-soft">
          <ShieldIcon className="mt-1 text-accent" /> <span>{t('staff.groupsText')}</span>
        </p>
      </Card>
      <Card className="mt-6">
        <CardTitle>{lost('title')}</CardTitle>
        <p className="max-w-prose text-soft">{lost('about')}</p>
      </Card>
      <ListNumber />
      <InviteDialog sites={sites} open={inviting} onOpenChange={setInviting} onDone={refresh} />
      <ProfileDialog sites={sites} row={editing} onClose={() => setEditing(null)} onDone={refresh} />
    </>
  )
}

function Member({
  row,
  standing,
  own,
  speaksFor,
  sites,
  unbookable,
  onEdit,
}: {
  row: StaffRow
  /** Null while the list is older than the chain. */
  standing: Standing | null
  /** Sees their own patients only, by what was signed. */
  own: boolean
  /** Who let them in alone, so that both count as one person; '' where that is somebody who left. Null: they count by themselves. */
  speaksFor: string | null
  /** Sees these sites only. */
  sites: string[]
  /** Nobody gave them hours yet. */
  unbookable: boolean
  onEdit: () => void
}) {
  const m = useTranslations('members')
  const t = useTranslations('admin')
  const s = useTranslations('staff')
  const format = useFormatter()
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-3 px-5 py-4">
      <Avatar name={row.displayName} />
      <div className="min-w-0 flex-1 basis-56">
        <p className="font-semibold">{row.displayName}</p>
        <p className="text-sm text-soft">
          {[row.title, row.roles.map((role) => s(`role.${role}`)).join(', '), own && m('ownOnly'), ...sites]
            .filter(Boolean)
            .join(' · ')}
        </p>
        {speaksFor === null ? null : (
          <p className="text-sm text-soft">
            {speaksFor ? m('countsWith', { name: speaksFor }) : m('countsWithFormer')}
          </p>
        )}
        {unbookable ? (
          <p className="text-sm">
            {t('staff.noHours')} <Link href="/admin/hours">{t('staff.giveHours')}</Link>
          </p>
        ) : null}
        {row.lastSeenAt ? (
          <p className="text-sm text-soft">
            {t('staff.seen', { when: format.relativeTime(new Date(row.lastSeenAt), new Date()) })}
          </p>
        ) : null}
      </div>
      {standing === null ? null : standing === 'vouched' ? (
        <Badge tone="success" icon={<ShieldIcon size={14} />}>
          {t('staff.vouched')}
        </Badge>
      ) : (
        <Badge tone="danger" icon={<WarningIcon size={14} />}>
          {t(`staff.${standing}`)}
        </Badge>
      )}
      <Button
        size="sm"
        icon={<PenIcon size={18} />}
        aria-label={t('staff.editFor', { name: row.displayName })}
        onClick={onEdit}
      >
        {t('staff.edit')}
      </Button>
    </li>
  )
}

/** Signed into the chain, and in no row: nobody knows a name, and they hold their groups' keys all the same. */
function Unlisted({ member }: { member: ChainView['members'][number] }) {
  const t = useTranslations('admin')
  const s = useTranslations('staff')
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-3 px-5 py-4">
      <div className="min-w-0 flex-1 basis-56">
        <p className="font-semibold">{t('staff.nameless')}</p>
        <p className="text-sm text-soft">{member.roles.map((role) => s(`role.${role as Role}`)).join(', ')}</p>
        <p className="figures text-sm break-all text-soft">{member.memberId}</p>
      </div>
      <Badge tone="danger" icon={<WarningIcon size={14} />}>
        {t('staff.unlisted')}
      </Badge>
    </li>
  )
}
