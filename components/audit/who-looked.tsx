'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useCallback, useEffect, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Banner, Skeleton } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { untilSaid } from '@/lib/audit/until-said'
import { loadOwnLog, type OwnLogView } from '@/lib/browser/audit-log'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { ownZone } from '@/lib/browser/zone'
import { relationOf } from '@/lib/care/rules'
import type { AuditDetail } from '@/lib/crypto/audit'
import { formatDate, formatTime } from '@/lib/time'
import { useWords } from './words'

/** As many as fit before the rest of the page; the others are a touch away. */
const FIRST = 8

/** Who opened what of the patient's, and when: entries that were sealed to this device and opened on it. */
export function WhoLooked({ own }: { own: OwnChart }) {
  const t = useTranslations('audit.own')
  const errors = useTranslations('errors')
  const [log, setLog] = useState<OwnLogView | null>(null)
  const [problem, setProblem] = useState('')
  const { patient } = own
  const load = useCallback(
    async (before?: OwnLogView) => {
      const answer = await loadOwnLog(patient, before)
      setProblem(answer.ok ? '' : answer.code)
      if (answer.ok) setLog(answer.value)
    },
    [patient],
  )
  useEffect(() => void load(), [load])
  const entries = log?.entries ?? []
  const said = untilSaid(entries, own.care)
  const [shown, setShown] = useState(FIRST)
  const [more, loading] = useBusy(async () => {
    if (shown >= entries.length) await load(log ?? undefined)
    setShown(entries.length + FIRST)
  })
  return (
    <Card id="who-looked">
      <CardTitle>{t('title')}</CardTitle>
      <p className="mb-4 text-soft">{t('lead')}</p>
      {problem ? (
        <Banner tone="danger" announce className="mb-4">
          {errors(problem as 'BAD_INPUT')}
        </Banner>
      ) : null}
      {log?.missing ? (
        <Banner tone="danger" announce className="mb-4">
          {t('missing', { count: log.missing })}
        </Banner>
      ) : null}
      {log?.altered ? (
        <Banner tone="danger" announce className="mb-4">
          {t('altered', { count: log.altered })}
        </Banner>
      ) : null}
      {log ? (
        entries.length ? (
          <ol className="flex flex-col divide-y divide-line">
            {entries.slice(0, shown).map(({ leaf, detail }) => (
              <li key={leaf} className="py-3 first:pt-0 last:pb-0">
                <Entry detail={detail} names={log.names} own={own} wasMine={detail.at <= said} />
              </li>
            ))}
          </ol>
        ) : (
          <p>{t('empty')}</p>
        )
      ) : problem ? null : (
        <div role="status" aria-label={t('loading')}>
          <Skeleton className="h-24" />
        </div>
      )}
      {log?.more || entries.length > shown ? (
        <Button size="sm" className="mt-4" busy={loading} onClick={() => void more()}>
          {t('more')}
        </Button>
      ) : null}
    </Card>
  )
}

interface EntryProps {
  detail: AuditDetail
  names: Map<string, string>
  own: OwnChart
  wasMine: boolean
}

function Entry({ detail, names, own, wasMine }: EntryProps) {
  const t = useTranslations('audit.own')
  const locale = useLocale()
  const words = useWords()
  const { kind, id } = detail.actor
  const care = useTranslations('care')
  const helper = own.care.find(({ careId }) => careId === id)
  const named = helper && (helper.mine ? t('you') : `${helper.name}, ${care(`your.${relationOf(helper)}`)}`)
  const who = {
    patient: () => t(!wasMine && own.care.some(({ mine }) => mine) ? 'patient' : 'you'),
    helper: () => named ?? t('helper'),
    system: () => t('clinic'),
    staff: () => names.get(id ?? '') ?? t('member'),
  }[kind]()
  const at = new Date(detail.at)
  return (
    <>
      <p>
        <strong className="font-semibold">{who}</strong>
        {' · '}
        {words(detail) ?? t(detail.refused ? 'refused' : 'other')}
      </p>
      <p className="text-sm text-soft">
        <time dateTime={detail.at}>
          {formatDate(at, ownZone(), locale)}, {formatTime(at, ownZone(), locale)}
        </time>
      </p>
    </>
  )
}
