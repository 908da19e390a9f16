'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useLive } from '@/components/staff/use-live'
import { Button } from '@/components/ui/button'
import { Card, PageHeader } from '@/components/ui/card'
import { PenIcon, PinIcon, PlusIcon } from '@/components/ui/icons'
import { EmptyState } from '@/components/ui/status'
import { call } from '@/lib/browser/api'
import type { SiteRow } from '@/lib/site/rules'
import { SiteDialog } from './site-dialog'

export function Sites({ start }: { start: SiteRow[] }) {
  const t = useTranslations('sites')
  const [sites, setSites] = useState(start)
  const [editing, setEditing] = useState<SiteRow | 'new' | null>(null)
  const refresh = async () => {
    const fresh = await call('site/list', {})
    if (fresh.ok) setSites(fresh.value.sites)
  }
  useLive(() => void refresh())
  const add = (
    <Button variant="primary" icon={<PlusIcon />} onClick={() => setEditing('new')}>
      {t('add')}
    </Button>
  )
  return (
    <>
      <PageHeader title={t('title')} lead={t('lead')} actions={sites.length ? add : undefined} />
      {sites.length ? (
        <Card padded={false}>
          <ul className="divide-y divide-line">
            {sites.map((site) => (
              <li key={site.id} className="flex flex-wrap items-center gap-x-4 gap-y-3 px-5 py-4">
                <div className="min-w-0 flex-1 basis-56">
                  <h2 className="text-base font-semibold">{site.name}</h2>
                  {site.address ? <p className="text-soft">{site.address}</p> : null}
                  <p className="text-sm text-soft">
                    {[
                      t('hours', { count: site.hours }),
                      t('coming', { count: site.coming }),
                      t('members', { count: site.members }),
                    ].join(' · ')}
                  </p>
                </div>
                <Button
                  size="sm"
                  icon={<PenIcon size={18} />}
                  aria-label={t('editFor', { name: site.name })}
                  onClick={() => setEditing(site)}
                >
                  {t('edit')}
                </Button>
              </li>
            ))}
          </ul>
        </Card>
      ) : (
        <EmptyState icon={PinIcon} title={t('oneTitle')} action={add}>
          {t('oneText')}
        </EmptyState>
      )}
      <SiteDialog site={editing} first={!sites.length} onClose={() => setEditing(null)} onDone={refresh} />
    </>
  )
}
