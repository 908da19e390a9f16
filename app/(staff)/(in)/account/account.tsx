'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Elsewhere } from '@/components/account/elsewhere'
import { Feed } from '@/components/account/feed'
import { Kits } from '@/components/account/kits'
import { Passkeys } from '@/components/account/passkeys'
import { Password } from '@/components/account/password'
import { Sessions } from '@/components/account/sessions'
import { RekeyRequests } from '@/components/rekey/requests'
import { useLive } from '@/components/staff/use-live'
import { PageHeader } from '@/components/ui/card'
import type { AccountView } from '@/lib/account/rules'
import { call } from '@/lib/browser/api'
import type { BusyView } from '@/lib/elsewhere/rules'
import type { FeedView } from '@/lib/feed/rules'

/** The member's own: where they are signed in, and what opens their account. */
interface Props {
  start: AccountView
  feed: FeedView | null
  busy: BusyView | null
}

export function AccountPage({ start, feed, busy }: Props) {
  const t = useTranslations('account')
  const [view, setView] = useState(start)
  const refresh = async () => {
    const fresh = await call('account/view', {})
    if (fresh.ok) setView(fresh.value)
  }
  useLive(() => void refresh())
  const of = (kind: 'kit' | 'passkey') => view.wraps.filter((wrap) => wrap.kind === kind)
  const passkey = of('passkey').length > 0
  return (
    <>
      <PageHeader title={t('title')} lead={t('lead')} />
      <div className="flex flex-col gap-6">
        <RekeyRequests />
        <Sessions sessions={view.sessions} onChange={refresh} />
        <Password passkey={passkey} onChange={refresh} />
        <Passkeys passkeys={of('passkey')} required={view.passkeyRequired} onChange={refresh} />
        <Kits kits={of('kit')} alone={view.alone} passkey={passkey} onChange={refresh} />
        {feed ? <Feed start={feed} /> : null}
        {busy ? <Elsewhere start={busy} /> : null}
      </div>
    </>
  )
}
