'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useFormatter, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useForm, useWatch } from 'react-hook-form'
import { z } from 'zod'
import { PassphraseFields, PassphraseForm } from '@/components/staff/passphrase-fields'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle, PageHeader } from '@/components/ui/card'
import { CheckIcon } from '@/components/ui/icons'
import { Banner } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { type InvitationView, OwnerDetails } from '@/lib/access/rules'
import { newPassphrase } from '@/lib/browser/passphrase'
import { joinClinic } from '@/lib/browser/registration'

const Form = z.intersection(OwnerDetails, PassphraseForm)
type Form = z.infer<typeof Form>
export type Joined = { email: string; passphrase: string; code: string }

export function JoinForm({
  invitation,
  onJoined,
}: {
  invitation: InvitationView & { secret: string; rootFingerprint: string }
  onJoined: (joined: Joined) => void
}) {
  const t = useTranslations('onboarding')
  const a = useTranslations('access')
  const z = useTranslations('sites')
  const errorText = useTranslations('errors')
  const format = useFormatter()
  const reason = useReason()
  const [code, setCode] = useState<string | null>(null)
  const form = useForm<Form>({
    resolver: zodResolver(Form),
    defaultValues: () =>
      Promise.resolve({
        displayName: invitation.displayName,
        title: invitation.title,
        email: '',
        passphrase: newPassphrase(),
        again: '',
        kept: false,
      }),
  })
  const { register, control, setError, formState } = form
  const { errors, isSubmitting } = formState
  const [passphrase, email] = useWatch({ control, name: ['passphrase', 'email'] })
  const send = form.handleSubmit(async ({ displayName, title, email: address, passphrase: chosen }) => {
    setCode(null)
    const answer = await joinClinic(invitation, { displayName, title, email: address }, chosen)
    if (answer.ok) return onJoined({ email: address, passphrase: chosen, code: answer.value.code })
    if (answer.code === 'EMAIL_TAKEN') return setError('email', { message: 'EMAIL_TAKEN' }, { shouldFocus: true })
    setCode(answer.code)
  })
  const sites = format.list(invitation.sites.map(({ name }) => name))
  const roles = format.list(invitation.roles.map((role) => t(`roles.${role}`)))
  const clinic = invitation.clinicName
  const passphraseForm = form as unknown as { register: never; setValue: never }
  return (
    <form onSubmit={send} noValidate className="flex flex-col gap-6">
      <PageHeader title={t('join.title', { clinic })} lead={t('join.lead', { clinic, roles })} />
      <Card>
        <CardTitle>{t('join.access')}</CardTitle>
        <ul className="flex flex-col gap-2">
          {(['desk', 'clinical', `clinical:${invitation.id}`] as const)
            .filter((group) => invitation.groups.includes(group))
            .map((group) => (
              <li key={group} className="flex gap-2.5">
                <CheckIcon className="mt-1 text-accent" />
                {t(
                  group === 'desk'
                    ? 'join.accessDesk'
                    : group === 'clinical'
                      ? 'join.accessClinical'
                      : 'join.accessOwn',
                )}
              </li>
            ))}
          {(['desk', 'clinical'] as const)
            .filter((kind) => invitation.sites.some(({ id }) => invitation.groups.includes(`${kind}:${id}`)))
            .map((kind) => (
              <li key={kind} className="flex gap-2.5">
                <CheckIcon className="mt-1 text-accent" />
                {z(kind === 'desk' ? 'joinDesk' : 'joinClinical', { sites })}
              </li>
            ))}
        </ul>
      </Card>
      <Card className="flex flex-col gap-5">
        <CardTitle>{t('you')}</CardTitle>
        <div className="grid gap-5 sm:grid-cols-2">
          <TextField
            label={t('name')}
            autoComplete="name"
            error={errors.displayName && reason.field(errors.displayName.message)}
            {...register('displayName')}
          />
          <TextField
            label={t('profession')}
            autoComplete="organization-title"
            error={errors.title && reason.field(errors.title.message)}
            {...register('title')}
          />
        </div>
        <TextField
          label={a('email')}
          hint={t('emailHint')}
          type="email"
          autoComplete="email"
          error={
            errors.email &&
            (errors.email.message === 'EMAIL_TAKEN' ? errorText('EMAIL_TAKEN') : reason.field(errors.email.message))
          }
          {...register('email')}
        />
      </Card>
      <Card className="flex flex-col gap-5">
        <div>
          <h2 className="text-xl">{t('passphraseTitle')}</h2>
          <p className="mt-2 text-soft">{t('passphraseLead')}</p>
        </div>
        <PassphraseFields email={email ?? ''} value={passphrase ?? ''} {...passphraseForm} errors={errors} />
      </Card>
      {code ? (
        <Banner tone="danger" announce>
          {reason(code)}
        </Banner>
      ) : null}
      <Button type="submit" variant="primary" size="lg" busy={isSubmitting}>
        {t('join.submit')}
      </Button>
    </form>
  )
}
