import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { getLocale, getTranslations } from 'next-intl/server'
import { PatientAccess } from '@/components/patient-access/patient-access'
import { PageHeader } from '@/components/ui/card'
import { isLocale, pick } from '@/lib/messages/pick'
import { isId } from '@/lib/ids'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('devices')
  return { title: t('title'), robots: { index: false } }
}

/** Who and what opens the patient's records. Only a device that holds their keys is shown any of it. */
export default async function AccessPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  if (!isId(id)) notFound()
  const [t, given] = await Promise.all([getTranslations('devices'), getLocale()])
  const locale = isLocale(given) ? given : 'en'
  return (
    <div className="mx-auto max-w-3xl">
      <PageHeader title={t('title')} lead={t('lead')} back={<a href={`/a/${id}`}>{t('back')}</a>} />
      <PatientAccess
        appointmentId={id}
        locale={locale}
        messages={pick(
          locale,
          'audit',
          'care',
          'devices',
          'emergency',
          'keep',
          'recognition',
          'retention',
          'errors',
          'common',
        )}
      />
    </div>
  )
}
