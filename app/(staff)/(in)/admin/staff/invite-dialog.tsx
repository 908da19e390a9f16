'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useForm, useWatch } from 'react-hook-form'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/choice'
import { Dialog } from '@/components/ui/dialog'
import { FieldGroup } from '@/components/ui/field'
import { Banner } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { groupsOf, InviteInput, roles } from '@/lib/access/rules'
import { call } from '@/lib/browser/api'
import { isIn } from '@/lib/browser/staff-chain'
import { vault } from '@/lib/browser/vault'
import type { Group } from '@/lib/crypto/types'
import type { SiteView } from '@/lib/site/rules'
import { hasPart, partOf, type Seen, Sees } from './sees'
import { ShareLink } from './share-link'

type Opened = 'own' | 'sites' | 'madeClinical' | 'madeDesk'
const openedBy = (groups: readonly Group[], seen: Seen): Opened =>
  groups.includes('clinical') ? 'madeClinical' : seen.is !== 'clinic' ? seen.is : 'madeDesk'

const Form = InviteInput.omit({ id: true, claimHash: true, ownPatients: true, siteIds: true })

export function InviteDialog({
  sites,
  open,
  onOpenChange,
  onDone,
}: {
  sites: readonly SiteView[]
  open: boolean
  onOpenChange: (open: boolean) => void
  onDone: () => Promise<void>
}) {
  const t = useTranslations('admin')
  const s = useTranslations('staff')
  const m = useTranslations('members')
  const z = useTranslations('sites')
  const c = useTranslations('common')
  const reason = useReason()
  const { me, chain } = useStaff()
  const opensClinical = isIn(chain, me.memberId, 'clinical')
  const [fault, setFault] = useState<string | null>(null)
  const [made, setMade] = useState<{ id: string; secret: string; name: string; opens: Opened } | null>(null)
  const form = useForm({
    resolver: zodResolver(Form),
    defaultValues: {
      ...{ displayName: '', title: '' },
      roles: [opensClinical ? 'practitioner' : 'frontdesk'] as (typeof roles)[number][],
    },
  })
  const { register, control, formState } = form
  const { errors, isSubmitting } = formState
  const chosen = useWatch({ control, name: 'roles' })
  const [seen, setSeen] = useState<Seen>({ is: 'clinic' })
  const [unchosen, setUnchosen] = useState(false)
  const send = form.handleSubmit(async (typed) => {
    setFault(null)
    const isPart = hasPart(typed.roles, sites)
    const isUnchosen = isPart && seen.is === 'sites' && !seen.ids.length
    setUnchosen(isUnchosen)
    if (isUnchosen) return
    // Made here: the secret is in the link's fragment and this browser's keyring, and nowhere else.
    const { id, secret, claimHash } = await vault().newInvitation()
    const { displayName, roles: given } = typed
    const { ownPatients, siteIds } = partOf(given, isPart ? seen : { is: 'clinic' })
    const answer = await call('access/invite', { id, claimHash, ...typed, ownPatients, siteIds })
    if (!answer.ok) return setFault(reason(answer.code))
    // A group of their own is named after the invitation, since who answers it has no name yet.
    const groups = groupsOf(given, { own: ownPatients ? id : null, sites: siteIds })
    await vault().rememberInvitation({
      ...{ id, secret, displayName, roles: given, groups },
      expiresAt: answer.value.expiresAt,
    })
    setMade({ id, secret, name: displayName, opens: openedBy(groups, isPart ? seen : { is: 'clinic' }) })
    await onDone()
  })
  const close = (next: boolean) => {
    onOpenChange(next)
    if (next) return
    setMade(null)
    setFault(null)
    form.reset()
    setSeen({ is: 'clinic' })
  }
  return (
    <Dialog
      wide={made !== null}
      open={open}
      onOpenChange={close}
      closeLabel={c('close')}
      title={made ? t('invitations.madeTitle', { name: made.name }) : t('staff.invite')}
      description={
        made
          ? made.opens === 'own'
            ? m('madeOwn')
            : made.opens === 'sites'
              ? z('made')
              : t(`invitations.${made.opens}`)
          : t('invitations.lead')
      }
    >
      {made ? (
        <>
          <ShareLink {...made} rootFingerprint={chain.rootFingerprint} />
          <div className="mt-6 flex justify-end">
            <Button variant="primary" onClick={() => close(false)}>
              {t('invitations.close')}
            </Button>
          </div>
        </>
      ) : (
        <form onSubmit={send} noValidate className="flex flex-col gap-5">
          {fault ? (
            <Banner tone="danger" announce>
              {fault}
            </Banner>
          ) : null}
          <TextField
            label={t('staff.name')}
            error={errors.displayName && reason.field(errors.displayName.message)}
            {...register('displayName')}
          />
          <TextField
            label={t('staff.profession')}
            error={errors.title && reason.field(errors.title.message)}
            {...register('title')}
          />
          {opensClinical ? null : <Banner tone="info">{t('invitations.onlyClinical')}</Banner>}
          <FieldGroup label={t('staff.roles')} error={errors.roles && reason.field('choose')}>
            {() => (
              <div>
                {roles.map((role) => (
                  <Checkbox
                    key={role}
                    value={role}
                    label={s(`role.${role}`)}
                    hint={t(`staff.roleHint.${role}`)}
                    disabled={!opensClinical && groupsOf([role]).includes('clinical')}
                    {...register('roles')}
                  />
                ))}
              </div>
            )}
          </FieldGroup>
          {hasPart(chosen, sites) ? (
            <Sees
              {...{ seen, sites }}
              roles={chosen}
              error={unchosen ? reason.field('choose') : undefined}
              onChange={setSeen}
            />
          ) : null}
          <Button type="submit" variant="primary" busy={isSubmitting}>
            {t('invitations.make')}
          </Button>
        </form>
      )}
    </Dialog>
  )
}
