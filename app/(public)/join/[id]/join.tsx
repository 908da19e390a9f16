'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { spokenCode } from '@/components/staff/fingerprint'
import { NewcomerCode } from '@/components/staff/newcomer-code'
import { LinkButton } from '@/components/ui/button'
import { PageHeader } from '@/components/ui/card'
import { CheckIcon, CrossCircleIcon, LinkIcon } from '@/components/ui/icons'
import { EmptyState, Skeleton } from '@/components/ui/status'
import type { InvitationView } from '@/lib/access/rules'
import { call } from '@/lib/browser/api'
import { signIn } from '@/lib/browser/staff-session'
import { vault } from '@/lib/browser/vault'
import { JoinForm, type Joined } from './join-form'
import { keepCode, keptCode } from './kept-code'

type Link = { secret: string; rootFingerprint: string }
type State =
  | { is: 'opening' }
  | { is: 'bad-link' }
  | { is: 'gone' }
  /** Answered, and not in this tab. */
  | { is: 'answered' }
  | { is: 'not-found' }
  | { is: 'forged' }
  | { is: 'asked'; link: Link }
  | { is: 'waiting'; joined: Partial<Joined> & Pick<Joined, 'code'> }
  | { is: 'vouched' }

const pollMs = 2000

export function Join({ invitation }: { invitation: InvitationView | null }) {
  const t = useTranslations('onboarding')
  const [state, setState] = useState<State>({ is: 'opening' })

  useEffect(() => {
    void look(invitation).then(setState)
  }, [invitation])
  const joined = state.is === 'waiting' ? state.joined : null
  useEffect(() => {
    if (!joined || !invitation) return
    const timer = setInterval(async () => {
      const now = await call('access/invitation', { id: invitation.id })
      if (!now.ok) return
      if (now.value.state === 'cancelled') setState({ is: 'gone' })
      if (now.value.state !== 'vouched') return
      clearInterval(timer)
      const { email, passphrase } = joined
      const opened = email && passphrase ? (await signIn(email, passphrase)).ok : false
      if (opened) location.assign('/today')
      else setState({ is: 'vouched' })
    }, pollMs)
    return () => clearInterval(timer)
  }, [joined, invitation])

  const clinic = invitation?.clinicName ?? ''
  if (state.is === 'opening') return <Skeleton className="h-64 rounded-card" />
  if (state.is === 'bad-link')
    return (
      <EmptyState page icon={LinkIcon} title={t('join.badLink')}>
        {t('join.badLinkText')}
      </EmptyState>
    )
  if (state.is === 'not-found')
    return (
      <EmptyState page icon={CrossCircleIcon} title={t('join.notFound')}>
        {t('join.notFoundText')}
      </EmptyState>
    )
  if (state.is === 'gone')
    return (
      <EmptyState page icon={CrossCircleIcon} title={t('join.gone')}>
        {t('join.goneText', { clinic })}
      </EmptyState>
    )
  if (state.is === 'answered')
    return (
      <EmptyState page icon={CheckIcon} title={t('join.answered')}>
        {t('join.answeredText', { clinic })}
      </EmptyState>
    )
  if (state.is === 'forged') {
    return (
      <div role="alert">
        <EmptyState page icon={CrossCircleIcon} title={t('join.forged')}>
          {t('join.forgedText')}
        </EmptyState>
      </div>
    )
  }
  if (state.is === 'vouched') {
    return (
      <div role="status">
        <EmptyState
          page
          icon={CheckIcon}
          title={t('join.vouched')}
          action={<LinkButton href="/sign-in">{t('join.signIn')}</LinkButton>}
        >
          {t('join.signInFailed')}
        </EmptyState>
      </div>
    )
  }
  if (state.is === 'waiting') {
    return (
      <div role="status">
        <PageHeader title={t('join.wait')} lead={t('join.waitLead', { clinic })} />
        <div className="folds h-3 animate-sway rounded-full" aria-hidden />
        <div className="mt-6">
          <NewcomerCode words={spokenCode(state.joined.code)} label={t('join.code')} />
        </div>
        <p className="mt-5 text-soft">{t('join.waitHint')}</p>
      </div>
    )
  }
  if (state.is !== 'asked' || !invitation) return null
  return (
    <JoinForm
      invitation={{ ...invitation, ...state.link }}
      onJoined={(next) => {
        keepCode(invitation.id, next.code)
        setState({ is: 'waiting', joined: next })
      }}
    />
  )
}

/** What the link says against what the server shows: another root than the fragment's is another clinic. */
async function look(invitation: InvitationView | null): Promise<State> {
  if (!invitation) return { is: 'not-found' }
  const code = invitation.state === 'answered' ? keptCode(invitation.id) : null
  if (code) return { is: 'waiting', joined: { code } }
  if (invitation.state === 'answered') return { is: 'answered' }
  if (invitation.state !== 'open' || invitation.expired) return { is: 'gone' }
  const fragment = new URLSearchParams(location.hash.slice(1))
  const [secret, rootFingerprint] = [fragment.get('s'), fragment.get('k')]
  if (!secret || !rootFingerprint) return { is: 'bad-link' }
  const { clinicId, statements } = invitation
  try {
    await vault().loadChain({ clinicId, statements }, rootFingerprint)
  } catch {
    return { is: 'forged' }
  }
  return { is: 'asked', link: { secret, rootFingerprint } }
}
