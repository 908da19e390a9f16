import { getTranslations } from 'next-intl/server'
import type { ReactNode } from 'react'
import { Wordmark } from '@/components/brand/mark'
import type { Role } from '@/lib/access/rules'
import { PreferenceSwitches } from './footer'
import { SkipLink } from './skip-link'
import { PhoneBar, SideNav, type NavItem } from './staff-nav'

const pages = [
  { icon: 'today', href: '/today', for: ['practitioner', 'frontdesk', 'admin'] },
  { icon: 'calendar', href: '/calendar', for: ['practitioner', 'frontdesk', 'admin'] },
  { icon: 'recalls', href: '/recalls', for: ['practitioner', 'frontdesk'] },
  { icon: 'waitlist', href: '/waitlist', for: ['practitioner', 'frontdesk', 'admin'] },
  { icon: 'services', href: '/admin/services', for: ['admin'] },
  { icon: 'hours', href: '/admin/hours', for: ['admin'] },
  { icon: 'sites', href: '/admin/sites', for: ['admin'] },
  { icon: 'team', href: '/admin/staff', for: ['admin'] },
  { icon: 'money', href: '/admin/money', for: ['admin'] },
  { icon: 'clinic', href: '/admin/clinic', for: ['admin'] },
  { icon: 'security', href: '/admin/security', for: ['admin'] },
  { icon: 'records', href: '/admin/records', for: ['admin'] },
  { icon: 'log', href: '/admin/log', for: ['admin'] },
  { icon: 'emergency', href: '/admin/emergency', for: ['admin'] },
] as const satisfies { icon: NavItem['icon']; href: string; for: Role[] }[]

/**
 * What frames the pages of the clinic's members: a rail on a desktop, a bar at the thumb on a phone.
 * `account` is who is signed in, with lock and sign-out; it is drawn in both places.
 */
export async function StaffShell({
  roles,
  account,
  children,
}: {
  roles: readonly Role[]
  account: ReactNode
  children: ReactNode
}) {
  const [common, t] = await Promise.all([getTranslations('common'), getTranslations('staff')])
  // Only what the role can use: the pages and the door refuse the rest by themselves.
  const nav = pages
    .filter((page) => page.for.some((role) => roles.includes(role)))
    .map(({ icon, href }) => ({ icon, href, label: t(icon) }))
  const extras = (
    <>
      {account}
      <PreferenceSwitches />
    </>
  )
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[16.5rem_minmax(0,1fr)] print:block print:min-h-0">
      <SkipLink>{common('skip')}</SkipLink>
      <aside
        aria-label={common('name')}
        className="sticky top-0 hidden h-dvh border-e border-line bg-sunken lg:flex print:hidden"
      >
        <div className="folds w-2 shrink-0" aria-hidden />
        <div className="flex min-w-0 flex-1 flex-col gap-6 overflow-y-auto px-4 py-5">
          <Wordmark className="px-2" />
          <SideNav label={t('navigation')} items={nav} />
          <div className="mt-auto flex flex-col gap-4">{extras}</div>
        </div>
      </aside>
      <div className="flex min-w-0 flex-col">
        <header className="flex items-center gap-3 border-b border-line px-5 py-2.5 lg:hidden print:hidden">
          <Wordmark />
        </header>
        <main
          id="main"
          tabIndex={-1}
          className="mx-auto w-full max-w-[90rem] flex-1 px-5 pt-6 pb-28 sm:px-8 lg:pb-12 print:max-w-none print:p-0"
        >
          {children}
        </main>
        <PhoneBar label={t('navigation')} more={t('more')} close={common('close')} items={nav} extras={extras} />
      </div>
    </div>
  )
}
