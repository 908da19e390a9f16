'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useCallback, useMemo, useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useLive } from '@/components/staff/use-live'
import { alteredOf, identityIn, useOpened } from '@/components/staff/use-opened'
import { NotShown } from '@/components/staff/not-shown'
import { useReason } from '@/components/staff/use-reason'
import { AskFirst } from '@/components/ui/ask-first'
import { Button } from '@/components/ui/button'
import { Card, CardTitle, PageHeader } from '@/components/ui/card'
import { Switch } from '@/components/ui/choice'
import { Badge, Banner, EmptyState } from '@/components/ui/status'
import { Table } from '@/components/ui/table'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import { answerErasure } from '@/lib/browser/erasure'
import { orderPurge } from '@/lib/browser/retention'
import {
  type ErasureRow,
  holdGrounds,
  type KeptPatient,
  liftGrounds,
  type Overview,
  refusalGrounds,
} from '@/lib/retention/rules'
import { dateLocale } from '@/lib/time'
import { ChoiceDialog } from './choice-dialog'
import { SettingsForm } from './settings-form'

/** What the clinic keeps, for how long, what is held, and what may go. For officers. */
export function Records({ start }: { start: Overview }) {
  const t = useTranslations('retention')
  const s = useTranslations('staff')
  const locale = useLocale()
  const [found, setFound] = useState(start)
  const [all, setAll] = useState(false)
  const refresh = useCallback(async () => {
    const fresh = await call('retention/overview', {})
    if (fresh.ok) setFound(fresh.value)
  }, [])
  useLive(() => void refresh())
  const patientIds = useMemo(() => found.patients.map((each) => each.patientId), [found])
  const identities = useOpened(found.identities, patientIds)
  const nameOf = (patientId: string) => identityIn(identities ?? [], patientId)?.name ?? s('unnamed')
  const day = (iso: string) =>
    new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'medium' }).format(new Date(iso))
  const { patients, holds, requests, purges } = found
  const shown = all ? patients : patients.filter((each) => each.due.length > 0)
  const heldOf = (patientId: string) => holds.find((each) => each.patientId === patientId)
  const classes = (list: readonly KeptPatient['classes'][number][]) => list.map((each) => t(`class.${each}`)).join(', ')
  const hold = (patientId: string) => (
    <ChoiceDialog
      title={t('holdTitle', { name: nameOf(patientId) })}
      text={t('holdText')}
      action={t('hold')}
      grounds={holdGrounds}
      labelOf={(each) => t(`holdGround.${each}`)}
      onChoose={(ground) => call('retention/place-hold', { patientId, ground })}
      onDone={refresh}
      trigger={<Button size="sm">{t('hold')}</Button>}
    />
  )
  return (
    <>
      <PageHeader title={t('title')} lead={t('lead')} />
      <NotShown failed={alteredOf(identities ?? [])} />
      <div className="flex flex-col gap-6">
        {requests.length > 0 ? (
          <Card>
            <CardTitle>{t('requests')}</CardTitle>
            <ul className="flex flex-col gap-5">
              {requests.map((request) => (
                <Request
                  key={request.id}
                  request={request}
                  name={nameOf(request.patientId)}
                  asked={day(request.askedAt)}
                  onDone={refresh}
                />
              ))}
            </ul>
          </Card>
        ) : null}
        <Card>
          <CardTitle>{all ? t('patients') : t('due')}</CardTitle>
          <Switch
            label={t('showAll')}
            className="mb-3"
            checked={all}
            onChange={(event) => setAll(event.target.checked)}
          />
          <Table
            caption={all ? t('patients') : t('due')}
            columns={[
              { key: 'patient', label: t('patient'), heading: true },
              { key: 'last', label: t('lastSeen') },
              { key: 'due', label: t('mayGo') },
              { key: 'actions', label: t('actions'), bare: true, align: 'end' },
            ]}
            empty={<EmptyState title={t('noneDue')}>{t('noneDueText')}</EmptyState>}
            rows={shown.map((patient) => ({
              id: patient.patientId,
              cells: {
                patient: nameOf(patient.patientId),
                last: patient.expected ? t('expected') : day(patient.lastEncounter),
                due: heldOf(patient.patientId) ? (
                  <Badge tone="warning">{t('held')}</Badge>
                ) : (
                  classes(patient.due) || '–'
                ),
                actions: (
                  <div className="flex flex-wrap justify-end gap-1.5">
                    {heldOf(patient.patientId) ? null : hold(patient.patientId)}
                    {patient.due.length > 0 ? (
                      <Purge
                        patient={patient}
                        name={nameOf(patient.patientId)}
                        what={classes(patient.due)}
                        onDone={refresh}
                      />
                    ) : null}
                  </div>
                ),
              },
            }))}
          />
        </Card>
        {holds.length > 0 ? (
          <Card>
            <CardTitle>{t('holds')}</CardTitle>
            <ul className="flex flex-col gap-4">
              {holds.map((each) => (
                <li key={each.id} className="flex flex-wrap items-center justify-between gap-3">
                  <span>
                    <strong className="font-semibold">{nameOf(each.patientId)}</strong>{' '}
                    <span className="text-soft">
                      {t('heldSince', { ground: t(`holdGround.${each.ground}`), date: day(each.placedAt) })}
                    </span>
                  </span>
                  <ChoiceDialog
                    title={t('liftTitle', { name: nameOf(each.patientId) })}
                    text={t('liftText')}
                    action={t('lift')}
                    grounds={liftGrounds}
                    labelOf={(ground) => t(`liftGround.${ground}`)}
                    onChoose={(ground) => call('retention/lift-hold', { id: each.id, ground })}
                    onDone={refresh}
                    trigger={<Button size="sm">{t('lift')}</Button>}
                  />
                </li>
              ))}
            </ul>
          </Card>
        ) : null}
        {purges.length > 0 ? (
          <Card>
            <CardTitle>{t('purges')}</CardTitle>
            <p className="-mt-2 mb-4 max-w-prose text-soft">{t('purgesText')}</p>
            <ul className="flex flex-col gap-2">
              {purges.map((each) => (
                <li key={each.id} className="flex flex-wrap items-center gap-x-3 gap-y-1">
                  <span>{day(each.destroyedAt ?? each.orderedAt)}</span>
                  <span className="text-soft">{classes(each.classes)}</span>
                  <Badge tone={each.state === 'final' ? 'success' : 'info'}>{t(`state.${each.state}`)}</Badge>
                </li>
              ))}
            </ul>
          </Card>
        ) : null}
        {found.later ? (
          <Banner tone="warning">{t('settings.laterText', { date: day(found.later.beginsAt) })}</Banner>
        ) : null}
        <SettingsForm start={found.later?.settings ?? found.settings} onSaved={refresh} />
      </div>
    </>
  )
}

interface RequestProps {
  request: ErasureRow
  name: string
  asked: string
  onDone: () => Promise<void>
}

function Request({ request, name, asked, onDone }: RequestProps) {
  const t = useTranslations('retention')
  return (
    <li className="flex flex-wrap items-center justify-between gap-3">
      <span>
        <strong className="font-semibold">{name}</strong>{' '}
        <span className="text-soft">{t('askedOn', { date: asked })}</span>
      </span>
      <span className="flex flex-wrap gap-2">
        <ChoiceDialog
          title={t('refuseTitle', { name })}
          text={t('refuseText')}
          action={t('refuse')}
          grounds={refusalGrounds}
          labelOf={(each) => t(`refusalGround.${each}`)}
          onChoose={(ground) => answerErasure(request, { state: 'refused', ground })}
          onDone={onDone}
          trigger={<Button size="sm">{t('refuse')}</Button>}
        />
        <Sure
          title={t('eraseTitle', { name })}
          text={t('eraseText')}
          action={t('erase')}
          run={() => answerErasure(request, { state: 'erased' })}
          onDone={onDone}
        />
      </span>
    </li>
  )
}

interface PurgeProps {
  patient: KeptPatient
  name: string
  what: string
  onDone: () => Promise<void>
}

function Purge({ patient, name, what, onDone }: PurgeProps) {
  const t = useTranslations('retention')
  const { me } = useStaff()
  const { patientId, due: classes } = patient
  return (
    <Sure
      title={t('purgeTitle', { name })}
      text={t('purgeText', { what })}
      action={t('purge')}
      run={() => orderPurge(me, { patientId, classes })}
      onDone={onDone}
    />
  )
}

interface SureProps {
  title: string
  text: string
  action: string
  run: () => ReturnType<typeof answerErasure>
  onDone: () => Promise<void>
}

function Sure({ title, text, action, run, onDone }: SureProps) {
  const c = useTranslations('common')
  const toast = useToast()
  const reason = useReason()
  return (
    <AskFirst
      title={title}
      description={text}
      cancelLabel={c('cancel')}
      actionLabel={action}
      act={async () => {
        const answer = await run()
        return answer.ok ? null : reason(answer.code)
      }}
      onDone={async () => {
        toast(c('saved'), 'success')
        await onDone()
      }}
      trigger={
        <Button size="sm" variant="danger">
          {action}
        </Button>
      }
    />
  )
}
