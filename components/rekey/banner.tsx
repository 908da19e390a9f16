'use client'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useWhen } from '@/components/account/use-when'
import { useStaff } from '@/components/staff/session'
import { buttonClass } from '@/components/ui/button'
import { Banner } from '@/components/ui/status'
import { StopButton } from './stop-button'
import { isReady, useRequests } from './use-requests'

/** Whatever page a member is on: keys in their own name, or a colleague who needs them. */
export function RekeyBanner() {
  const t = useTranslations('lost')
  const when = useWhen()
  const path = usePathname()
  const { me, isAdmin } = useStaff()
  const { rows, load } = useRequests()
  const own = rows?.filter((row) => row.memberId === me.memberId) ?? []
  const now = new Date()
  const needed = rows?.filter((row) => row.may === 'approve' || (row.may === 'finish' && isReady(row, now))) ?? []
  const place = isAdmin ? '/admin/staff' : '/account'
  return (
    <>
      {own.map((row) => (
        <Banner
          key={row.id}
          tone="danger"
          title={t('mine.title')}
          announce
          className="mb-6"
          actions={<StopButton own id={row.id} onStopped={load} />}
        >
          {t('mine.text', { when: when(row.askedAt) })}
        </Banner>
      ))}
      {path === place
        ? null
        : needed.map((row) => (
            <Banner
              key={row.id}
              tone="warning"
              title={t(row.approval ? 'banner.ready' : 'banner.title', { name: row.displayName })}
              announce
              className="mb-6"
              actions={
                <Link href={place} className={buttonClass({ size: 'sm' })}>
                  {t('banner.go')}
                </Link>
              }
            >
              {row.approval ? t('banner.readyText') : t('banner.text', { name: row.displayName })}
            </Banner>
          ))}
    </>
  )
}
