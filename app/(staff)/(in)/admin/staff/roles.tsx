'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/choice'
import { FieldGroup } from '@/components/ui/field'
import { Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { groupsAfter, type Role, roles as allRoles, sitesOf } from '@/lib/access/rules'
import { call } from '@/lib/browser/api'
import { extendChain, isIn } from '@/lib/browser/staff-chain'
import { vault } from '@/lib/browser/vault'
import type { MemberProps, Unsaved } from './member-props'
import { hasPart, partOf, type Seen, Sees } from './sees'

const same = (a: readonly string[], b: readonly string[]) => [...a].sort().join() === [...b].sort().join()

/** What of the clinic these groups are. */
function seenBy(groups: readonly string[], memberId: string): Seen {
  if (groups.includes(`clinical:${memberId}`)) return { is: 'own' }
  const ids = sitesOf(groups, memberId)
  return ids.length ? { is: 'sites', ids } : { is: 'clinic' }
}

/** What a member may do and open: a statement in the clinic's chain, signed here, and not a row. */
export function Roles({ row, sites, onClose, onDone, onUnsaved }: MemberProps & Unsaved) {
  const t = useTranslations('members')
  const s = useTranslations('staff')
  const a = useTranslations('admin')
  const z = useTranslations('sites')
  const reason = useReason()
  const toast = useToast()
  const { me, chain, reloadChain } = useStaff()
  const { memberId, displayName: name } = row
  const signed = chain.members.find((member) => member.memberId === memberId)
  const [roles, setRoles] = useState<Role[]>(row.roles)
  // As it is signed, whatever the row says.
  const before = seenBy(signed?.groups ?? [], memberId)
  const [seen, setSeen] = useState(before)
  const practises = roles.includes('practitioner')
  const part = partOf(roles, seen)
  const [save, saving] = useBusy(async () => {
    const { clinicId } = me
    const code = await extendChain(
      clinicId,
      async (fresh) => {
        const member = (await vault().loadChain(fresh)).members.find((each) => each.memberId === memberId)
        const groups = member ? groupsAfter(member, { roles, ...part }) : []
        return vault().changeMember({ clinicId, chain: fresh, memberId, roles, groups })
      },
      (extended) => call('access/change-member', { memberId, roles, ...part, ...extended }),
      reloadChain,
    )
    if (code) return toast(code === 'CHAIN_INVALID' ? t('lastOfGroup') : reason(code), 'danger')
    // What this session may open and do has changed with it.
    if (memberId === me.memberId) return location.reload()
    toast(t('changed', { name }), 'success')
    await onDone()
    onClose()
  })
  const next = signed && groupsAfter({ memberId, roles: signed.roles, groups: signed.groups }, { roles, ...part })
  const changed = signed && next ? !same(roles, signed.roles) || !same(next, signed.groups) : false
  useEffect(() => onUnsaved(changed), [changed])
  if (!signed || !next) return null
  const opens = isIn(chain, me.memberId, 'clinical')
  const isPart = part.ownPatients || part.siteIds.length > 0
  const unchosen = hasPart(roles, sites) && seen.is === 'sites' && !seen.ids.length
  const toggle = (role: Role, on: boolean) =>
    setRoles(on ? [...roles, role].sort() : roles.filter((each) => each !== role))
  return (
    <section className="mt-6 border-t border-line pt-5">
      <h3 className="text-lg">{t('roles')}</h3>
      <p className="mt-1 mb-3 text-soft">{t('rolesText', { name })}</p>
      {opens ? null : (
        <Banner tone="info" className="mb-3">
          {a('invitations.onlyClinical')}
        </Banner>
      )}
      <FieldGroup label={a('staff.roles')} hideLabel>
        {() =>
          allRoles.map((role) => (
            <Checkbox
              key={role}
              label={s(`role.${role}`)}
              hint={a(`staff.roleHint.${role}`)}
              checked={roles.includes(role)}
              disabled={role === 'practitioner' && !opens && !practises}
              onChange={(event) => toggle(role, event.target.checked)}
            />
          ))
        }
      </FieldGroup>
      {hasPart(roles, sites) ? (
        <Sees {...{ name, seen, sites, roles }} disabled={practises && !opens} onChange={setSeen} />
      ) : null}
      {isPart && !same(next, signed.groups) ? (
        <Banner tone="warning" className="mt-3">
          {part.ownPatients ? t('seesBefore', { name }) : z('seesBefore', { name })}
        </Banner>
      ) : null}
      <Button
        className="mt-3"
        busy={saving}
        disabled={!changed || !roles.length || unchosen}
        onClick={() => void save()}
      >
        {t('sign')}
      </Button>
    </section>
  )
}
