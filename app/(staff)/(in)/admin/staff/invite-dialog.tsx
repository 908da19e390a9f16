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
import { hasKind } from '@/lib/crypto/policy'
import type { Group } from '@/lib/crypto/types'
import { Sees } from './sees'
import { ShareLink } from './share-link'

type Opened = 'own' | 'madeClinical' | 'madeDesk'
const openedBy = (groups: readonly Group[]): Opened =>
  groups.includes('clinical') ? 'madeClinical' : hasKind(groups, 'clinical') ? 'own' : 'madeDesk'

const Form = InviteInput.omit({ id: true, claimHash: true })

export function InviteDialog({
  open,
  onOpenChange,
  onDone,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
  onDone: () => Promise<void>
}) {
  const t = useTranslations('admin')
  const s = useTranslations('staff')
  const m = useTranslations('members')
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
      ownPatients: false,
    },
  })
  const { register, control, setValue, formState } = form
  const { errors, isSubmitting } = formState
  const [chosen, own] = useWatch({ control, name: ['roles', 'ownPatients'] })
  const practises = chosen.includes('practitioner')
  const send = form.handleSubmit(async (typed) => {
    setFault(null)
    // Made here: the secret is in the link's fragment and this browser's keyring, and nowhere else.
    const { id, secret, claimHash } = await vault().newInvitation()
    const { displayName, roles: given } = typed
    const ownPatients = given.includes('practitioner') && Boolean(typed.ownPatients)
    const answer = await call('access/invite', { id, claimHash, ...typed, ownPatients })
    if (!answer.ok) return setFault(reason(answer.code))
    // A group of their own is named after the invitation, since who answers it has no name yet.
    const groups = groupsOf(given, ownPatients ? id : null)
    await vault().rememberInvitation({
      ...{ id, secret, displayName, roles: given, groups },
      expiresAt: answer.value.expiresAt,
    })
    setMade({ id, secret, name: displayName, opens: openedBy(groups) })
    await onDone()
  })
  const close = (next: boolean) => {
    onOpenChange(next)
    if (next) return
    setMade(null)
    setFault(null)
    form.reset()
  }
  return (
    <Dialog
      wide={made !== null}
      open={open}
      onOpenChange={close}
      closeLabel={c('close')}
      title={made ? t('invitations.madeTitle', { name: made.name }) : t('staff.invite')}
      description={
        made ? (made.opens === 'own' ? m('madeOwn') : t(`invitations.${made.opens}`)) : t('invitations.lead')
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
          {practises ? <Sees own={Boolean(own)} onChange={(next) => setValue('ownPatients', next)} /> : null}
          <Button type="submit" variant="primary" busy={isSubmitting}>
            {t('invitations.make')}
          </Button>
        </form>
      )}
    </Dialog>
  )
}
