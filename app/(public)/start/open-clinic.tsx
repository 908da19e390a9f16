'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { Steps } from '@/components/ui/progress'
import { Skeleton } from '@/components/ui/status'
import { Details, type DetailsForm } from './details'
import { Passphrase } from './passphrase'
import { Ready } from './ready'
import { Setup } from './setup'

export interface OpenedClinic {
  clinicId: string
  slug: string
  rootFingerprint: string
  memberId: string
}
type At = 'details' | 'passphrase' | 'setup' | 'ready'
const order: At[] = ['details', 'passphrase', 'setup', 'ready']

/** Four steps in one document: keys, the passphrase and what was typed live here until the clinic is open. */
export function OpenClinic({ asksCode }: { asksCode: boolean }) {
  const t = useTranslations('onboarding')
  const c = useTranslations('common')
  const [at, setAt] = useState<At>('details')
  const [details, setDetails] = useState<DetailsForm | null>(null)
  const [fault, setFault] = useState<Record<string, string> | null>(null)
  const [opened, setOpened] = useState<OpenedClinic | null>(null)
  const top = useRef<HTMLDivElement>(null)
  const begun = useRef(false)

  useEffect(() => {
    // Focus follows the step, so that a screen reader starts at its beginning; not on the first drawing.
    if (begun.current) top.current?.focus()
    begun.current = true
  }, [at])
  useEffect(() => {
    if (!details || at === 'ready') return
    const warn = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', warn)
    return () => removeEventListener('beforeunload', warn)
  }, [details, at])

  // Countries, zones and currencies are the browser's own lists: the server's are called differently.
  const isBrowser = useSyncExternalStore(
    () => () => undefined,
    () => true,
    () => false,
  )
  if (!isBrowser) return <Skeleton className="h-128 rounded-card" />
  const current = order.indexOf(at)
  return (
    <div ref={top} tabIndex={-1} className="flex flex-col gap-8">
      <Steps
        label={t('steps.label')}
        steps={order.map((step) => ({ label: t(`steps.${step}`) }))}
        current={current}
        summary={c('stepOf', { step: current + 1, total: order.length })}
      />
      {at === 'details' ? (
        <Details
          asksCode={asksCode}
          start={details}
          fault={fault}
          onDone={(typed) => {
            setDetails(typed)
            setFault(null)
            setAt('passphrase')
          }}
        />
      ) : null}
      {at === 'passphrase' && details ? (
        <Passphrase
          details={details}
          onBack={(fields) => {
            setFault(fields)
            setAt('details')
          }}
          onDone={(clinic) => {
            setOpened(clinic)
            setAt('setup')
          }}
        />
      ) : null}
      {at === 'setup' && details && opened ? (
        <Setup details={details} opened={opened} onDone={() => setAt('ready')} />
      ) : null}
      {at === 'ready' && details && opened ? <Ready details={details} opened={opened} /> : null}
    </div>
  )
}
