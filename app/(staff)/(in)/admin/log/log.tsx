'use client'
import { useTranslations } from 'next-intl'
import { useCallback, useEffect, useState } from 'react'
import { LogTable } from '@/components/audit/log-table'
import { openRecords } from '@/components/staff/use-opened'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { PageHeader } from '@/components/ui/card'
import { ShieldIcon } from '@/components/ui/icons'
import { Banner, Skeleton } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { loadLog, loadNames, type OpenedLog } from '@/lib/browser/audit-log'
import type { IdentityContent } from '@/lib/record/rules'

/** The clinic's log: proved to be whole, then opened, here. */
export function Log() {
  const t = useTranslations('audit')
  const reason = useReason()
  const { me } = useStaff()
  const [log, setLog] = useState<OpenedLog | null>(null)
  const [patients, setPatients] = useState(new Map<string, string>())
  const [code, setCode] = useState('')

  const load = useCallback(
    async (after?: OpenedLog) => {
      const answer = await loadLog(me.clinicId, after)
      setCode(answer.ok ? '' : answer.code)
      if (!answer.ok) return
      setLog(answer.value)
      setPatients(await namesIn(answer.value))
    },
    [me.clinicId],
  )
  useEffect(() => void load(), [load])
  const [earlier, loading] = useBusy(() => load(log ?? undefined))
  const [again, retrying] = useBusy(() => load())

  const broken = code === 'CHAIN_SHORTER' || code === 'CHAIN_FORKED' || code === 'CHAIN_INVALID'
  return (
    <>
      <PageHeader title={t('title')} lead={t('lead')} />
      {broken ? (
        // The defence of attack 11: a log that was cut back or forked is shown as that, and nothing of it as true.
        <Banner tone="danger" title={t(code === 'CHAIN_SHORTER' ? 'shorterTitle' : 'forkedTitle')} announce>
          {t(code === 'CHAIN_SHORTER' ? 'shorterText' : 'forkedText')}
        </Banner>
      ) : code ? (
        <Banner
          tone="warning"
          title={t('failedTitle')}
          announce
          className="mb-6"
          actions={
            <Button size="sm" busy={retrying} onClick={() => void again()}>
              {t('retry')}
            </Button>
          }
        >
          {reason(code as 'INTERNAL')}
        </Banner>
      ) : null}
      {broken ? null : log ? (
        <>
          <p className="mb-5 flex items-center gap-2 text-soft">
            <ShieldIcon className="text-accent" /> {t('checked', { count: log.head.length })}
          </p>
          {log.witness === 'unnamed' ? (
            <Banner tone="warning" title={t('unnamedTitle')} className="mb-6">
              {t('unnamedText')}
            </Banner>
          ) : null}
          <LogTable log={log} patients={patients} />
          {log.from > 0 ? (
            <Button className="mt-5" busy={loading} onClick={() => void earlier()}>
              {t('earlier')}
            </Button>
          ) : null}
        </>
      ) : code ? null : (
        <div role="status" aria-label={t('checking')}>
          <p className="mb-5 text-soft">{t('checking')}</p>
          <Skeleton className="h-80 rounded-card" />
        </div>
      )}
    </>
  )
}

const atOnce = 200

/** Names of the patients whom entries are about, as far as this officer's keys open them. */
async function namesIn(log: OpenedLog): Promise<Map<string, string>> {
  const ids = [
    ...new Set(log.entries.flatMap((each) => (each.ok && each.detail.patientId ? [each.detail.patientId] : []))),
  ]
  const names = new Map<string, string>()
  for (let from = 0; from < ids.length; from += atOnce) {
    const some = ids.slice(from, from + atOnce)
    const answer = await loadNames(some)
    if (!answer.ok) continue
    for (const { meta, opened } of await openRecords(answer.value, some))
      if (opened.ok) names.set(meta.patientId, (opened.value.content as IdentityContent).name)
  }
  return names
}
