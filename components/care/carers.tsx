'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { PairPanel } from '@/components/patient-access/pair-panel'
import { Scanner } from '@/components/patient-access/scanner'
import { AskFirst } from '@/components/ui/ask-first'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Badge } from '@/components/ui/status'
import { useFocusKept } from '@/components/ui/use-focus-kept'
import { endCare } from '@/lib/browser/care'
import type { PairSide } from '@/lib/browser/pairing'
import type { OwnChart } from '@/lib/browser/patient-chart'
import type { Visit } from '@/lib/browser/care'
import type { CareTermsInput, CareView } from '@/lib/browser/vault-care-api'
import { ownZone } from '@/lib/browser/zone'
import { birthdayOf, guardianAgeOf, isOver } from '@/lib/care/rules'
import { formatDate } from '@/lib/time'
import { CarerForm } from './carer-form'
import { useCareWords } from './words'

/** Everybody who helps this patient: with what, since when, until when; one more is let in, and each is shown out, here. */
export function Carers({ own, visit, onChange }: { own: OwnChart; visit: Visit; onChange: () => void }) {
  const t = useTranslations('care')
  const [adding, setAdding] = useState<'no' | 'form' | { terms: CareTermsInput }>('no')
  const others = own.care.filter(({ mine }) => !mine)
  const title = useFocusKept<HTMLHeadingElement>(
    `${typeof adding === 'string' ? adding : 'pairing'} ${others.map(({ state }) => state).join()}`,
  )
  const helps = own.care.some(({ mine }) => mine)
  const name = own.identity?.name ?? ''
  return (
    <Card id="helpers">
      <CardTitle ref={title}>{helps ? t('titleFor', { name }) : t('title')}</CardTitle>
      <p className="mb-4 text-soft">{helps ? t('leadChild', { name }) : t('lead')}</p>
      {others.length ? (
        <ul className="mb-5 flex flex-col divide-y divide-line">
          {others.map((each) => (
            <li key={each.careId} className="py-4 first:pt-0 last:pb-0">
              <Carer care={each} own={own} onEnded={onChange} />
            </li>
          ))}
        </ul>
      ) : (
        <p className="mb-5">{helps ? t('emptyFor', { name }) : t('empty')}</p>
      )}
      {adding === 'no' ? (
        <Button variant="primary" onClick={() => setAdding('form')}>
          {t('add')}
        </Button>
      ) : adding === 'form' ? (
        <CarerForm
          child={isChild(own) ? { name, birthDate: own.identity!.birthDate } : null}
          birthDate={own.identity?.birthDate ?? null}
          guardianAge={guardianAgeOf(own.chart.guardianAge)}
          onCancel={() => setAdding('no')}
          onTerms={(terms) => setAdding({ terms })}
        />
      ) : (
        <LetIn own={own} care={{ terms: adding.terms, visit }} onDone={onChange} onAgain={() => setAdding('no')} />
      )}
    </Card>
  )
}

const isChild = ({ identity, chart }: OwnChart) =>
  identity !== null &&
  !isOver({ kind: 'date', on: birthdayOf(identity.birthDate, guardianAgeOf(chart.guardianAge)) }, new Date(chart.now))

interface LetInProps {
  own: OwnChart
  care: NonNullable<PairSide['care']>
  onDone: () => void
  onAgain: () => void
}

/** The other person's browser: both screens show the same number before anything is handed over. */
function LetIn({ own, care, onDone, onAgain }: LetInProps) {
  const t = useTranslations('care.pair')
  const devices = useTranslations('devices.pair')
  const [side, setSide] = useState<PairSide | 'reading'>({ role: 'own', patient: own.patient, care })
  const [done, setDone] = useState(false)
  const given = () => {
    setDone(true)
    onDone()
  }
  if (side === 'reading')
    return (
      <>
        <p className="mb-4">{devices('readLead', { address: `${location.host}/pair` })}</p>
        <Scanner
          shownBy="new"
          onSecret={(secret) => setSide({ role: 'own', patient: own.patient, secret, care })}
          onStop={onAgain}
        />
      </>
    )
  return (
    <div className="flex flex-col gap-4">
      {done ? null : <p>{t('lead')}</p>}
      <PairPanel key={side.secret ?? 'shown'} side={side} onDone={given} onAgain={onAgain} />
      {done ? (
        <Button className="self-start" size="sm" onClick={onAgain}>
          {t('close')}
        </Button>
      ) : side.secret ? null : (
        <Button className="self-start" size="sm" onClick={() => setSide('reading')}>
          {t('read')}
        </Button>
      )}
    </div>
  )
}

function Carer({ care, own, onEnded }: { care: CareView; own: OwnChart; onEnded: () => void }) {
  const t = useTranslations('care')
  const errors = useTranslations('errors')
  const locale = useLocale()
  const words = useCareWords()
  const row = own.chart.care.find(({ careId }) => careId === care.careId)
  const date = (at: string) => formatDate(new Date(at), ownZone(), locale)
  const { name } = care
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
      <div className="min-w-0">
        <h3 className="flex flex-wrap items-center gap-2 text-base font-semibold">
          {name}, {words.relation(care)}
          <Badge tone={care.state === 'holds' ? 'success' : care.state === 'altered' ? 'danger' : 'neutral'}>
            {t(`state.${care.state}`)}
          </Badge>
        </h3>
        <p>{row?.endedAt ? t('ended', { date: date(row.endedAt) }) : words.end(care.end)}</p>
        <p className="text-sm text-soft">
          {t('since', { date: date(care.since) })} ·{' '}
          {row?.lastUsed ? t('lastUsed', { date: date(row.lastUsed) }) : t('neverUsed')}
        </p>
      </div>
      {care.state === 'ended' ? null : (
        <AskFirst
          title={t('stopTitle', { name })}
          description={t('stopText', { name })}
          cancelLabel={t('stopNo')}
          actionLabel={t('stopYes')}
          act={async () => {
            const ended = await endCare(own.patient, care.careId)
            return ended.ok ? null : errors(ended.code)
          }}
          onDone={onEnded}
          trigger={
            <Button size="sm" aria-label={t('stopNamed', { name })}>
              {t('stop')}
            </Button>
          }
        />
      )}
    </div>
  )
}
