import { NextIntlClientProvider } from 'next-intl'
import { getLocale } from 'next-intl/server'
import { redirect } from 'next/navigation'
import type { ReactNode } from 'react'
import { AskedBanner } from '@/components/emergency/asked-banner'
import { AskPasskey } from '@/components/account/ask-passkey'
import { RekeyBanner } from '@/components/rekey/banner'
import { StaffShell } from '@/components/shell/staff-shell'
import { PassingOn } from '@/components/staff/passing-on'
import { AccountMenu, StaffGate, StaffProvider } from '@/components/staff/session'
import { RenewKeys } from '@/components/staff/renew-keys'
import { ShutOut } from '@/components/staff/shut-out'
import { requireStaff } from '@/lib/access/current'
import { loadMe } from '@/lib/access/flow'
import { loadGuard } from '@/lib/account/flow'
import { pick } from '@/lib/messages/pick'

const namespaces = [
  'access',
  'account',
  'admin',
  'audit',
  'calendar',
  'call',
  'care',
  'common',
  'desk',
  'emergency',
  'encounter',
  'errors',
  'elsewhere',
  'feed',
  'intake',
  'lost',
  'members',
  'money',
  'move',
  'notice',
  'onboarding',
  'prescription',
  'recall',
  'recognition',
  'reminders',
  'retention',
  'rewrap',
  'schedule',
  'sites',
  'vouchers',
  'staff',
  'waitlist',
  'companion',
] as const

/** The server draws the frame and hands over sealed bytes; names and notes appear once the vault has opened them. */
export default async function StaffLayout({ children }: { children: ReactNode }) {
  const actor = await requireStaff()
  const [me, guard, locale] = await Promise.all([loadMe(actor), loadGuard(actor), getLocale()])
  if (!me.ok) redirect('/sign-in')
  return (
    <NextIntlClientProvider locale={locale} messages={pick(locale, ...namespaces)}>
      <StaffProvider material={me.value} lockMinutes={guard.lockMinutes}>
        <StaffShell roles={actor.roles} account={<AccountMenu />}>
          <StaffGate>
            <RekeyBanner />
            <PassingOn />
            {actor.roles.includes('admin') ? <AskedBanner /> : null}
            {guard.needsPasskey ? <AskPasskey /> : null}
            <RenewKeys />
            <ShutOut />
            {children}
          </StaffGate>
        </StaffShell>
      </StaffProvider>
    </NextIntlClientProvider>
  )
}
