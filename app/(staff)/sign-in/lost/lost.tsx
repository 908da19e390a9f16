'use client'
import { useTranslations } from 'next-intl'
import { type ReactNode, useEffect, useState } from 'react'
import { NewPassphrase } from '@/components/account/password'
import { useReason } from '@/components/staff/use-reason'
import { Button, LinkButton } from '@/components/ui/button'
import { Card, PageHeader } from '@/components/ui/card'
import { type IconType, LinkIcon, UsersIcon, WarningIcon } from '@/components/ui/icons'
import { Banner, EmptyState, Skeleton } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import {
  askForKeys,
  forgetRequest,
  type KeptRequest,
  keptRequest,
  openLostLink,
  statusOf,
} from '@/lib/browser/lost-keys'
import type { SessionCode } from '@/lib/browser/staff-session'
import type { LinkView, StatusView } from '@/lib/rekey/rules'
import { Ask } from './ask'
import { Waiting } from './waiting'

type State =
  | { is: 'opening' }
  | { is: 'ask' }
  | { is: 'bad-link' }
  | { is: 'failed'; code: SessionCode }
  | { is: 'used'; view: LinkView }
  | { is: 'alone'; view: LinkView }
  | { is: 'choose'; view: LinkView; token: string }
  | { is: 'waiting'; kept: KeptRequest; status: StatusView | null }

/** What this browser asked for comes first, and a link that is new to it next. */
async function look(): Promise<State> {
  const token = new URLSearchParams(location.hash.slice(1)).get('t')
  const kept = keptRequest()
  if (kept && (!token || token === kept.token)) {
    const status = await statusOf(kept)
    if (status.ok || status.code !== 'NOT_FOUND')
      return { is: 'waiting', kept, status: status.ok ? status.value : null }
    // It never arrived.
    forgetRequest()
  }
  if (!token) return { is: 'ask' }
  const opened = await openLostLink(token)
  if (!opened.ok) return opened.code === 'LINK_EXPIRED' ? { is: 'bad-link' } : { is: 'failed', code: opened.code }
  const view = opened.value
  if (view.used) return { is: 'used', view }
  return view.colleagues ? { is: 'choose', view, token } : { is: 'alone', view }
}

export function Lost() {
  const t = useTranslations('lost')
  const c = useTranslations('common')
  const reason = useReason()
  const [state, setState] = useState<State>({ is: 'opening' })
  const [start, starting] = useBusy(async () => setState(await look()))
  useEffect(() => {
    void start()
    const again = () => void start()
    addEventListener('hashchange', again)
    return () => removeEventListener('hashchange', again)
    // Once: a link that is opened in this very tab changes the fragment alone.
  }, [])
  const askAnew = () => {
    forgetRequest()
    history.replaceState(null, '', location.pathname)
    setState({ is: 'ask' })
  }

  if (state.is === 'opening')
    return (
      <div role="status">
        <span className="sr-only">{c('loading')}</span>
        <Skeleton className="h-80 rounded-card" />
      </div>
    )
  if (state.is === 'ask') return <Ask />
  if (state.is === 'failed')
    return (
      <>
        <PageHeader title={t('title')} />
        <Banner
          tone="danger"
          announce
          actions={
            <Button size="sm" busy={starting} onClick={() => void start()}>
              {t('requests.again')}
            </Button>
          }
        >
          {reason(state.code)}
        </Banner>
      </>
    )
  if (state.is === 'bad-link')
    return (
      <Stop icon={LinkIcon} title={t('bad.title')} action={<Button onClick={askAnew}>{t('bad.again')}</Button>}>
        {t('bad.text')}
      </Stop>
    )
  if (state.is === 'used')
    return (
      <Stop icon={WarningIcon} title={t('used.title')} action={<Button onClick={askAnew}>{t('bad.again')}</Button>}>
        <p>{t('used.text')}</p>
        <p className="mt-3">{t('used.lost')}</p>
        <p className="mt-3 font-semibold text-ink">{t('used.notYou', { clinic: state.view.clinicName })}</p>
      </Stop>
    )
  if (state.is === 'alone')
    return (
      <Stop
        icon={UsersIcon}
        title={t('alone.title', { clinic: state.view.clinicName })}
        action={<LinkButton href="/sign-in">{t('alone.kit')}</LinkButton>}
      >
        {t('alone.text')}
      </Stop>
    )
  if (state.is === 'waiting') return <Waiting kept={state.kept} start={state.status} onAgain={askAnew} />
  return (
    <Choose
      view={state.view}
      token={state.token}
      onAsked={(kept) => {
        // Spent: no history keeps it.
        history.replaceState(null, '', location.pathname)
        setState({ is: 'waiting', kept, status: null })
      }}
    />
  )
}

const Stop = ({
  icon,
  title,
  children,
  action,
}: {
  icon: IconType
  title: string
  children: ReactNode
  action: ReactNode
}) => (
  <div role="alert">
    <EmptyState page icon={icon} title={title} action={action}>
      {children}
    </EmptyState>
  </div>
)

function Choose({ view, token, onAsked }: { view: LinkView; token: string; onAsked: (kept: KeptRequest) => void }) {
  const t = useTranslations('lost.choose')
  const reason = useReason()
  const [code, setCode] = useState<SessionCode | null>(null)
  const [send, sending] = useBusy(async (passphrase: string) => {
    setCode(null)
    const answer = await askForKeys(view, token, passphrase).catch(() => ({ ok: false, code: 'INTERNAL' }) as const)
    if (answer.ok) onAsked(answer.kept)
    else setCode(answer.code)
  })
  return (
    <>
      <PageHeader title={t('title', { name: view.displayName })} lead={t('lead', { clinic: view.clinicName })} />
      <Card className="flex flex-col gap-5 sm:p-8">
        <NewPassphrase submit={t('submit')} busy={sending} onChosen={(passphrase) => void send(passphrase)} />
        {code ? (
          <Banner tone="danger" announce>
            {reason(code)}
          </Banner>
        ) : null}
      </Card>
    </>
  )
}
