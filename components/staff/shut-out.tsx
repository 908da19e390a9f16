'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { LinkButton } from '@/components/ui/button'
import { Banner } from '@/components/ui/status'
import { call } from '@/lib/browser/api'
import { vault } from '@/lib/browser/vault'
import { VaultError } from '@/lib/browser/vault-error'
import { useStaff } from './session'

interface Maker {
  memberId: string
  /** '' where the server names nobody: the chain does. */
  name: string
}

/** A group's newest key was kept from this member: who made it is named, since only their leaving it mends that. */
export function ShutOut() {
  const t = useTranslations('members')
  const { chain, isAdmin } = useStaff()
  const [makers, setMakers] = useState<Maker[]>([])
  useEffect(() => {
    let gone = false
    void (async () => {
      const found = await vault()
        .shutOut()
        .catch((error: unknown) => (error instanceof VaultError ? [] : Promise.reject(error)))
      const ids = [...new Set(found.map(({ by }) => by))]
      const colleagues = ids.length ? await call('access/colleagues', {}, { as: 'staff', retry: true }) : null
      const nameOf = (id: string) =>
        colleagues?.ok ? colleagues.value.members.find((each) => each.memberId === id)?.displayName : undefined
      if (!gone) setMakers(ids.map((memberId) => ({ memberId, name: nameOf(memberId) ?? '' })))
    })()
    return () => {
      gone = true
    }
  }, [chain.head])
  return makers.map(({ memberId, name }) => (
    <Banner
      key={memberId}
      tone="danger"
      title={t('shutOut', { name: name || t('shutOutSomebody') })}
      className="mb-6"
      actions={
        isAdmin ? (
          <LinkButton size="sm" href="/admin/staff">
            {t('shutOutGo')}
          </LinkButton>
        ) : null
      }
      announce
    >
      {t('shutOutText', { name: name || t('shutOutSomebody') })}
    </Banner>
  ))
}
