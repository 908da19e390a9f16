'use client'
import { useTranslations } from 'next-intl'
import { PasswordForm } from '@/components/staff/password-form'
import { Card } from '@/components/ui/card'
import { signIn } from '@/lib/browser/staff-session'

export function SignIn() {
  const t = useTranslations('access')
  return (
    <Card className="sm:p-8">
      <PasswordForm
        address=""
        submit={t('signIn.submit')}
        attempt={signIn}
        // A new document: what the sign-in left in this one goes with it.
        onDone={() => location.assign('/today')}
      />
    </Card>
  )
}
