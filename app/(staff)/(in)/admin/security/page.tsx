import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { CacheTime } from '@/components/staff/cache-time'
import { PageHeader } from '@/components/ui/card'
import { requireStaff } from '@/lib/access/current'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('staff')
  return { title: t('security') }
}

export default async function AdminSecurityPage() {
  await requireStaff(['admin'])
  const t = await getTranslations('staff')
  return (
    <>
      <PageHeader title={t('security')} />
      <div className="flex flex-col gap-6">
        <CacheTime />
      </div>
    </>
  )
}
