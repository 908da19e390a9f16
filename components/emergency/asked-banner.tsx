'use client'
import { useTranslations } from 'next-intl'
import { usePathname, useRouter } from 'next/navigation'
import { useCallback, useEffect, useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useLive } from '@/components/staff/use-live'
import { LinkButton } from '@/components/ui/button'
import { Banner } from '@/components/ui/status'
import { call } from '@/lib/browser/api'

/** Whatever page an administrator is on: a colleague waits for their answer. */
export function AskedBanner() {
  const t = useTranslations('emergency')
  const { me } = useStaff()
  const path = usePathname()
  const router = useRouter()
  const [waits, setWaits] = useState(false)
  const look = useCallback(async () => {
    const answer = await call('emergency/waiting', {}, { as: 'staff' })
    if (answer.ok) setWaits(answer.value.askedBy.some((memberId) => memberId !== me.memberId))
    // No administrator any more: the pages that are no longer theirs go with what led to them.
    else if (answer.code === 'NOT_ALLOWED') router.refresh()
  }, [me.memberId, router])
  useEffect(() => void look(), [look])
  useLive(() => void look())
  if (!waits || path === '/admin/emergency') return null
  return (
    <Banner
      tone="warning"
      title={t('officers.banner')}
      className="mb-6"
      actions={
        <LinkButton size="sm" href="/admin/emergency">
          {t('officers.bannerGo')}
        </LinkButton>
      }
      announce
    />
  )
}
