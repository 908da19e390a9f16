'use client'
import { useTranslations } from 'next-intl'
import { useId } from 'react'
import { Checkbox, RadioGroup } from '@/components/ui/choice'
import { FieldGroup } from '@/components/ui/field'
import type { Role } from '@/lib/access/rules'
import type { SiteView } from '@/lib/site/rules'

/** What of the clinic a member sees. `sites`: none is ticked yet, where there are none. */
export type Seen = { is: 'clinic' } | { is: 'own' } | { is: 'sites'; ids: string[] }

/** As the doors and the groups take it: what goes with roles that are not chosen counts for nothing. */
export const partOf = (roles: readonly Role[], seen: Seen) => ({
  ownPatients: roles.includes('practitioner') && seen.is === 'own',
  siteIds: seen.is === 'sites' && roles.some((role) => role !== 'admin') ? seen.ids.toSorted() : [],
})

/** Whether there is anything to choose for these roles. */
export const hasPart = (roles: readonly Role[], sites: readonly SiteView[]) =>
  roles.includes('practitioner') || (roles.includes('frontdesk') && sites.length > 0)

/** Whose records a member opens: the groups that are signed into the chain with it decide, and no list. */
export function Sees({
  name,
  seen,
  sites,
  roles,
  disabled,
  error,
  onChange,
}: {
  name?: string
  seen: Seen
  sites: readonly SiteView[]
  roles: readonly Role[]
  disabled?: boolean
  error?: string
  onChange: (seen: Seen) => void
}) {
  const t = useTranslations('members')
  const s = useTranslations('sites')
  const practises = roles.includes('practitioner')
  const ids = seen.is === 'sites' ? seen.ids : []
  const choose = (value: string) =>
    onChange(value === 'sites' ? { is: 'sites', ids } : { is: value === 'own' ? 'own' : 'clinic' })
  return (
    <div className="mt-3">
      <RadioGroup
        name={useId()}
        label={name ? t('seesFor', { name }) : t('sees')}
        value={seen.is === 'own' && !practises ? 'clinic' : seen.is}
        disabled={disabled}
        onChange={(event) => choose(event.target.value)}
        options={[
          { value: 'clinic', label: t('seesClinic'), hint: t('seesClinicHint') },
          ...(practises ? [{ value: 'own', label: t('seesOwn'), hint: t('seesOwnHint') }] : []),
          ...(sites.length ? [{ value: 'sites', label: s('seesSites'), hint: s('seesSitesHint') }] : []),
        ]}
      />
      {seen.is === 'sites' ? (
        <FieldGroup label={s('which')} error={error} className="ms-9 mt-3">
          {() =>
            sites.map((site) => (
              <Checkbox
                key={site.id}
                label={site.name}
                hint={site.address || undefined}
                checked={ids.includes(site.id)}
                disabled={disabled}
                onChange={(event) =>
                  onChange({
                    is: 'sites',
                    ids: event.target.checked ? [...ids, site.id] : ids.filter((id) => id !== site.id),
                  })
                }
              />
            ))
          }
        </FieldGroup>
      ) : null}
    </div>
  )
}
