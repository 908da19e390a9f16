'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useMemo, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { DownloadIcon, EyeIcon } from '@/components/ui/icons'
import { Badge, EmptyState } from '@/components/ui/status'
import { Table } from '@/components/ui/table'
import { Select, TextField } from '@/components/ui/text-field'
import { csvCell, type Kind, kindOf, kinds } from '@/lib/audit/rules'
import type { OpenedLog } from '@/lib/browser/audit-log'
import { ownZone } from '@/lib/browser/zone'
import { dayIn, formatPlainDay, formatTime } from '@/lib/time'
import { useWords } from './words'

const noFilters = { who: '', patient: '', kind: '', from: '', to: '' }

interface Line {
  id: string
  seq: number | null
  day: string
  time: string
  who: string
  whoId: string
  what: string
  patient: string
  patientId: string
  kind: Kind | ''
  fault: string
}

/** What the log says, a line for each entry, with what narrows it down. */
export function LogTable({ log, patients }: { log: OpenedLog; patients: Map<string, string> }) {
  const t = useTranslations('audit')
  const locale = useLocale()
  const lines = useLines(log, patients)
  const [filters, setFilters] = useState(noFilters)
  const set = (name: keyof typeof noFilters) => (event: { target: { value: string } }) =>
    setFilters({ ...filters, [name]: event.target.value })
  const shown = lines.filter(
    (line) =>
      (!filters.who || line.whoId === filters.who) &&
      (!filters.patient || line.patientId === filters.patient) &&
      (!filters.kind || line.kind === filters.kind) &&
      (!filters.from || line.day >= filters.from) &&
      (!filters.to || (line.day && line.day <= filters.to)),
  )
  const people = optionsOf(lines, (line) => [line.whoId, line.who])
  const about = optionsOf(lines, (line) => [line.patientId, line.patient])
  const day = { day: 'numeric', month: 'short', year: 'numeric' } as const
  const download = () => {
    const head = [t('place'), `${t('when')} (${ownZone()})`, t('who'), t('what'), t('patient'), t('kindLabel')]
    const body = shown.map((line) => [
      ...[line.seq === null ? t('pending') : String(line.seq + 1), `${line.day} ${line.time}`, line.who],
      ...[line.fault || line.what, line.patient, line.kind && t(`kind.${line.kind}`)],
    ])
    const text = [head, ...body].map((row) => row.map(csvCell).join(',')).join('\r\n')
    const url = URL.createObjectURL(new Blob(['\ufeff', text, '\r\n'], { type: 'text/csv' }))
    Object.assign(document.createElement('a'), { href: url, download: 'curtain-log.csv' }).click()
    URL.revokeObjectURL(url)
  }
  return (
    <>
      <div role="group" aria-label={t('filters')} className="mb-4 grid gap-3 min-[24rem]:grid-cols-2 xl:grid-cols-5">
        <Select
          label={t('who')}
          value={filters.who}
          onChange={set('who')}
          placeholder={t('everyone')}
          options={people}
        />
        <Select
          label={t('patient')}
          value={filters.patient}
          onChange={set('patient')}
          placeholder={t('everyPatient')}
          options={about}
        />
        <Select
          className="min-[24rem]:max-xl:col-span-2"
          label={t('kindLabel')}
          value={filters.kind}
          onChange={set('kind')}
          placeholder={t('everyKind')}
          options={kinds.map((kind) => ({ value: kind, label: t(`kind.${kind}`) }))}
        />
        <TextField label={t('from')} type="date" value={filters.from} onChange={set('from')} />
        <TextField label={t('to')} type="date" value={filters.to} onChange={set('to')} />
      </div>
      <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
        <p role="status" className="text-sm text-soft">
          {t('shown', { shown: shown.length, loaded: lines.length, total: log.head.length })}
        </p>
        <Button size="sm" icon={<DownloadIcon size={18} />} onClick={download}>
          {t('export')}
        </Button>
      </div>
      <Card padded={false} className="max-md:border-0 max-md:bg-transparent max-md:shadow-none md:px-5">
        <Table
          caption={t('title')}
          columns={[
            { key: 'what', label: t('what'), heading: true },
            { key: 'who', label: t('who') },
            { key: 'patient', label: t('patient') },
            { key: 'when', label: t('when') },
            { key: 'kind', label: t('kindLabel') },
          ]}
          empty={
            <EmptyState icon={EyeIcon} title={t(lines.length ? 'noneMatch' : 'empty')}>
              {t(lines.length ? 'noneMatchText' : 'emptyText')}
            </EmptyState>
          }
          rows={shown.map((line) => ({
            id: line.id,
            cells: {
              what: line.fault ? <span className="text-danger">{line.fault}</span> : line.what,
              who: <span className="md:whitespace-nowrap">{line.who}</span>,
              patient: line.patient,
              when: line.day ? (
                <span className="figures md:whitespace-nowrap">
                  {formatPlainDay(line.day, locale, day)}, {line.time}
                </span>
              ) : null,
              kind:
                line.seq === null ? (
                  <Badge tone="info">{t('pending')}</Badge>
                ) : line.kind ? (
                  <Badge tone={line.kind === 'refusing' ? 'warning' : 'neutral'}>{t(`kind.${line.kind}`)}</Badge>
                ) : null,
            },
          }))}
        />
      </Card>
    </>
  )
}

function useLines(log: OpenedLog, patients: Map<string, string>): Line[] {
  const t = useTranslations('audit')
  const locale = useLocale()
  const words = useWords()
  return useMemo(
    () =>
      log.entries.map((entry): Line => {
        const base = { id: entry.leaf, seq: entry.seq }
        if (!entry.ok) {
          const fault = t(entry.code === 'NOT_FOR_YOU' ? 'unopened' : 'altered')
          const nothing = {
            day: '',
            time: '',
            who: '',
            whoId: '',
            what: '',
            patient: '',
            patientId: '',
            kind: '' as const,
          }
          return { ...base, ...nothing, fault }
        }
        const { detail } = entry
        const { kind, id } = detail.actor
        const patientId = detail.patientId ?? ''
        const at = new Date(detail.at)
        const who = {
          staff: () => log.names.get(id ?? '') ?? t('formerMember', { id: (id ?? '').slice(0, 8) }),
          patient: () => t('thePatient'),
          helper: () => t('helper'),
          system: () => t('system'),
        }[kind]()
        const { action } = detail
        return {
          ...base,
          day: dayIn(ownZone(), at),
          time: formatTime(at, ownZone(), locale),
          who,
          whoId: kind === 'staff' ? (id ?? '') : kind,
          what: words(detail, log.names) ?? t(detail.refused ? 'refused' : 'other', { action }),
          patient: patientId && (patients.get(patientId) ?? t('namelessPatient', { id: patientId.slice(0, 8) })),
          patientId,
          kind: kindOf(detail),
          fault: '',
        }
      }),
    // `t` and `words` say the same for one language.
    [log, patients, locale],
  )
}

/** Each value once, by its label. */
function optionsOf(lines: Line[], of: (line: Line) => [value: string, label: string]) {
  const labels = new Map(lines.map(of).filter(([value]) => value))
  return [...labels].map(([value, label]) => ({ value, label })).sort((a, b) => a.label.localeCompare(b.label))
}
