'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useRef, useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { RadioGroup } from '@/components/ui/choice'
import { Banner } from '@/components/ui/status'
import { Select, TextArea, TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { askFor, type Findable, keyOf } from '@/lib/browser/emergency-officers'
import type { EmergencyContract } from '@/lib/emergency/rules'
import { dateLocale } from '@/lib/time'

type Listed = EmergencyContract['emergency/records']['out']['records']

const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

export function AskForm({ patients, onAsked }: { patients: Findable[]; onAsked: () => Promise<void> }) {
  const t = useTranslations('emergency')
  const locale = useLocale()
  const [search, setSearch] = useState('')
  const [chosenId, setChosenId] = useState<string | null>(null)
  const chosen = patients.find((each) => each.patientId === chosenId) ?? null
  const day = new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'medium' })
  const wanted = plain(search.trim())
  const found = wanted
    ? patients.filter(({ name, lastVisit }) => plain(`${name ?? ''} ${lastVisit?.practitioner ?? ''}`).includes(wanted))
    : []
  return (
    <Card>
      <CardTitle>{t('officers.ask')}</CardTitle>
      <TextField
        label={t('officers.search')}
        hint={t('officers.searchHint')}
        value={search}
        autoComplete="off"
        type="search"
        onChange={(event) => setSearch(event.target.value)}
      />
      <div aria-live="polite">
        {wanted && !found.length ? <p className="mt-3 text-soft">{t('officers.nobody')}</p> : null}
        <ul className="mt-2 divide-y divide-line">
          {found.slice(0, 8).map((patient) => (
            <li key={patient.patientId} className="flex flex-wrap items-center justify-between gap-3 py-3">
              <span className="min-w-0">
                <span className="block font-semibold break-words">
                  {patient.name ?? t('officers.unnamed')}
                  {patient.birthDate ? (
                    <span className="ms-2 font-normal text-soft">
                      {t('officers.born', { date: day.format(new Date(`${patient.birthDate}T12:00:00Z`)) })}
                    </span>
                  ) : null}
                </span>
                {patient.lastVisit ? (
                  <span className="text-sm text-soft">
                    {t('officers.lastVisit', {
                      date: day.format(new Date(patient.lastVisit.startsAt)),
                      practitioner: patient.lastVisit.practitioner,
                    })}
                  </span>
                ) : null}
              </span>
              <Button
                size="sm"
                aria-pressed={patient.patientId === chosenId}
                onClick={() => setChosenId(patient.patientId)}
              >
                {t(patient.patientId === chosenId ? 'officers.chosen' : 'officers.choose')}
              </Button>
            </li>
          ))}
        </ul>
      </div>
      {chosen ? (
        <Ask
          key={chosen.patientId}
          patient={chosen}
          onAsked={async () => {
            setChosenId(null)
            setSearch('')
            await onAsked()
          }}
        />
      ) : null}
    </Card>
  )
}

function Ask({ patient, onAsked }: { patient: Findable; onAsked: () => Promise<void> }) {
  const t = useTranslations('emergency')
  const e = useTranslations('encounter')
  const locale = useLocale()
  const reason = useReason()
  const toast = useToast()
  const { me } = useStaff()
  const [state, setState] = useState<Awaited<ReturnType<typeof keyOf>> | null>(null)
  const [records, setRecords] = useState<Listed>([])
  const [one, setOne] = useState(false)
  const [recordId, setRecordId] = useState('')
  const [why, setWhy] = useState('')
  const [fault, setFault] = useState('')
  /** Nothing was written, or none of the records was chosen. */
  const [missing, setMissing] = useState<{ why?: string; which?: string }>({})
  const [whyField, whichField] = [useRef<HTMLTextAreaElement>(null), useRef<HTMLSelectElement>(null)]
  const { patientId } = patient
  useEffect(() => {
    void keyOf(me.clinicId, patient).then(setState)
    // Asked once for whom was chosen: the key is looked at again when it is used.
  }, [patientId])
  const chooseOne = async () => {
    setOne(true)
    const answer = await call('emergency/records', { patientId }, { as: 'staff', retry: true })
    if (answer.ok) setRecords(answer.value.records)
  }
  const [send, sending] = useBusy(async () => {
    const left = {
      ...(why.trim() ? {} : { why: t('officers.reasonNeeded') }),
      ...(one && !recordId ? { which: t('officers.whichNeeded') } : {}),
    }
    setMissing(left)
    setFault('')
    if (left.which) return whichField.current?.focus()
    if (left.why) return whyField.current?.focus()
    const answer = await askFor(me.clinicId, patient, { recordId: one ? recordId : null, reason: why.trim() })
    if (!answer.ok) return setFault(reason(answer.code))
    toast(t('officers.sent'), 'success')
    await onAsked()
  })
  if (state === null) return null
  if (state !== 'valid')
    return (
      <Banner tone="warning" className="mt-4" announce>
        {t(state === 'stale' ? 'officers.stale' : 'officers.none')}
      </Banner>
    )
  const day = new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'medium' })
  return (
    <form
      className="mt-4 flex flex-col gap-5"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
    >
      <RadioGroup
        label={t('officers.scope')}
        name="scope"
        value={one ? 'one' : 'all'}
        options={[
          { value: 'all', label: t('officers.scopeAll') },
          { value: 'one', label: t('officers.scopeOne') },
        ]}
        onChange={(event) => (event.target.value === 'one' ? void chooseOne() : setOne(false))}
      />
      {one ? (
        <Select
          ref={whichField}
          label={t('officers.which')}
          error={missing.which}
          value={recordId}
          placeholder=""
          options={records.map((each) => ({
            value: each.recordId,
            label: `${e(`type.${each.type}`)}, ${day.format(new Date(each.createdAt))}`,
          }))}
          onChange={(event) => setRecordId(event.target.value)}
        />
      ) : null}
      <TextArea
        ref={whyField}
        label={t('officers.reasonLabel')}
        error={missing.why}
        hint={t('officers.reasonHint')}
        rows={3}
        maxLength={1000}
        value={why}
        onChange={(event) => setWhy(event.target.value)}
      />
      {fault ? (
        <Banner tone="danger" announce>
          {fault}
        </Banner>
      ) : null}
      <div>
        <Button type="submit" variant="primary" busy={sending}>
          {t('officers.send')}
        </Button>
      </div>
    </form>
  )
}
