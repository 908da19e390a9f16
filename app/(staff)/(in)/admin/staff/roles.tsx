'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/choice'
import { FieldGroup } from '@/components/ui/field'
import { Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { groupsAfter, type Role, roles as allRoles } from '@/lib/access/rules'
import { call } from '@/lib/browser/api'
import { extendChain, isIn } from '@/lib/browser/staff-chain'
import { vault } from '@/lib/browser/vault'
import type { MemberProps } from './member-props'
import { Sees } from './sees'

const same = (a: readonly string[], b: readonly string[]) => [...a].sort().join() === [...b].sort().join()

/** What a member may do and open: a statement in the clinic's chain, signed here, and not a row. */
export function Roles({ row, onClose, onDone }: MemberProps) {
  const t = useTranslations('members')
  const s = useTranslations('staff')
  const a = useTranslations('admin')
  const reason = useReason()
  const toast = useToast()
  const { me, chain, reloadChain } = useStaff()
  const { memberId, displayName: name } = row
  const signed = chain.members.find((member) => member.memberId === memberId)
  const [roles, setRoles] = useState<Role[]>(row.roles)
  // As it is signed, whatever the row says.
  const seesOwn = signed?.groups.includes(`clinical:${memberId}`) ?? false
  const [own, setOwn] = useState(seesOwn)
  const practises = roles.includes('practitioner')
  const ownPatients = practises && own
  const [save, saving] = useBusy(async () => {
    const { clinicId } = me
    const code = await extendChain(
      clinicId,
      async (fresh) => {
        const member = (await vault().loadChain(fresh)).members.find((each) => each.memberId === memberId)
        const groups = member ? groupsAfter(member, { roles, ownPatients }) : []
        return vault().changeMember({ clinicId, chain: fresh, memberId, roles, groups })
      },
      (extended) => call('access/change-member', { memberId, roles, ownPatients, ...extended }),
      reloadChain,
    )
    if (code) return toast(code === 'CHAIN_INVALID' ? t('lastOfGroup') : reason(code), 'danger')
    // What this session may open and do has changed with it.
    if (memberId === me.memberId) return location.reload()
    toast(t('changed', { name }), 'success')
    await onDone()
    onClose()
  })
  if (!signed) return null
  const opens = isIn(chain, me.memberId, 'clinical')
  const changed = !same(roles, signed.roles) || ownPatients !== seesOwn
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
      {practises ? <Sees name={name} own={own} disabled={!opens} onChange={setOwn} /> : null}
      {ownPatients && !seesOwn ? (
        <Banner tone="warning" className="mt-3">
          {t('seesBefore', { name })}
        </Banner>
      ) : null}
      <Button className="mt-3" busy={saving} disabled={!changed || !roles.length} onClick={() => void save()}>
        {t('sign')}
      </Button>
    </section>
  )
}
