import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { GuardianAge } from '@/components/care/guardian-age'
import { CacheTime } from '@/components/staff/cache-time'
import { PageHeader } from '@/components/ui/card'
import { requireStaff } from '@/lib/access/current'
import { loadSecurity } from '@/lib/account/flow'
import { loadSettings } from '@/lib/clinic/flow'
import { SigningIn } from './signing-in'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('staff')
  return { title: t('security') }
}

export default async function AdminSecurityPage() {
  const actor = await requireStaff(['admin'])
  const [t, security, settings] = await Promise.all([
    getTranslations('staff'),
    loadSecurity(actor),
    loadSettings(actor),
  ])
  if (!security.ok) notFound()
  return (
    <>
      <PageHeader title={t('security')} />
      <div className="flex flex-col gap-6">
        <SigningIn start={security.value} />
        <CacheTime />
        {settings.ok ? <GuardianAge start={settings.value.clinic.guardianAge} /> : null}
      </div>
    </>
  )
}
