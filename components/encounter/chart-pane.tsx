'use client'
import { HelpersList, SignedBy } from '@/components/care/helpers-of'
import { useCareWords } from '@/components/care/words'
import { useFormatter, useLocale, useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { Card, CardTitle, Disclosure } from '@/components/ui/card'
import { Badge, Banner, EmptyState } from '@/components/ui/status'
import { NoteIcon } from '@/components/ui/icons'
import { isOtherPerson } from '@/lib/browser/identity'
import type { EncounterView } from '@/lib/encounter/rules'
import { type Answer, isAsked, type IntakeContent, parseForm, type Question } from '@/lib/intake/rules'
import type { IdentityContent } from '@/lib/record/rules'
import { formatDate } from '@/lib/time'
import { birth } from '../prescription/sheet'
import { ConsentList } from './consent-list'
import { VisitInvoices } from './invoices'
import { RichText } from './rich-text'
import { ShareEarlier } from './share-earlier'
import type { Unvouched } from './unvouched'
import type { Chart } from './use-chart'

/** What the patient gave and what was written before, opened here. */
export function ChartPane({
  view,
  chart,
  onShared,
}: {
  view: EncounterView
  chart: Chart
  onShared: () => Promise<void>
}) {
  const t = useTranslations('encounter')
  const care = useTranslations('care.staff')
  const { identity } = chart
  const { appointmentId } = view.appointment
  const reasons = chart.reasons.filter((entry) => entry.appointmentId === appointmentId && entry.content)
  // The patient's own word stands first, whenever the desk wrote down theirs.
  const taken = reasons.findLast(({ recordId }) => chart.byClinic.has(recordId))
  const asked = reasons.findLast(({ recordId }) => !chart.byClinic.has(recordId)) ?? taken
  const reason = asked?.content?.reason
  const answered = chart.intakes.findLast((entry) => entry.appointmentId === appointmentId && entry.content)
  const intake = answered?.content
  return (
    <div className="flex min-w-0 flex-col gap-6">
      <Card>
        <CardTitle>{t('patient')}</CardTitle>
        {identity ? (
          <Identity identity={withContact(identity, chart.written)} at={view.appointment.startsAt} />
        ) : (
          <p className="text-soft">{t('noIdentity')}</p>
        )}
        <Written chart={chart} />
        <h3 className="mt-5 mb-1.5 text-base font-semibold">{t('reason')}</h3>
        {reason ? <p className="whitespace-pre-wrap">{reason}</p> : <p className="text-soft">{t('noReason')}</p>}
        {asked && chart.byClinic.has(asked.recordId) ? (
          <p className="mt-1 text-sm text-soft">{t('desk.reasonBy')}</p>
        ) : null}
        {taken?.content && taken !== asked ? (
          <p className="mt-1 text-sm whitespace-pre-wrap text-soft">
            {t('desk.reasonAlso', { reason: taken.content.reason })}
          </p>
        ) : null}
        <SignedBy signer={asked && chart.signers.get(asked.recordId)} patient={identity?.name} />
        {chart.helpers.length ? (
          <>
            <h3 className="mt-5 mb-1.5 text-base font-semibold">{care('title')}</h3>
            <HelpersList helpers={chart.helpers} />
          </>
        ) : null}
      </Card>
      <Card>
        <CardTitle>{t('intake')}</CardTitle>
        {intake ? (
          <>
            <Answers intake={intake} />
            <SignedBy signer={answered && chart.signers.get(answered.recordId)} patient={identity?.name} />
          </>
        ) : (
          <p className="text-soft">
            {t(parseForm(view.service.intakeForm).questions.length ? 'noIntake' : 'noQuestions')}
          </p>
        )}
      </Card>
      <Card>
        <CardTitle>{t('consents')}</CardTitle>
        <ConsentList view={view} chart={chart} />
      </Card>
      {chart.unvouched.length ? <NotVouched view={view} records={chart.unvouched} /> : null}
      <History view={view} chart={chart} onShared={onShared} />
      <VisitInvoices documents={view.documents} name={identity?.name ?? null} />
    </div>
  )
}

/** Who opened the desk's link is not asked again where messages go: the desk was told. */
const withContact = (own: IdentityContent, written: IdentityContent | null): IdentityContent =>
  own.email || own.phone || !written ? own : { ...own, email: written.email, phone: written.phone }

/** The desk's word beside the patient's: where the two differ, it is said plainly. */
function Written({
  chart: { written, identity, isOwnWord },
}: {
  chart: Pick<Chart, 'written' | 'identity' | 'isOwnWord'>
}) {
  const t = useTranslations('encounter.desk')
  const locale = useLocale()
  if (!written || !identity) return null
  if (!isOwnWord) return <p className="mt-3 text-sm text-soft">{t('only')}</p>
  if (!isOtherPerson(identity, written)) return <p className="mt-3 text-sm text-soft">{t('same')}</p>
  return (
    <Banner tone="warning" title={t('differsTitle')} className="mt-4">
      {t('differs', { name: written.name, date: birth(written.birthDate, locale) })}
    </Banner>
  )
}

function Identity({ identity, at }: { identity: IdentityContent; at: string }) {
  const t = useTranslations('encounter')
  const words = useCareWords()
  const locale = useLocale()
  return (
    <dl className="grid gap-x-5 gap-y-3 sm:grid-cols-[auto_1fr]">
      <Fact label={t('name')}>{identity.name}</Fact>
      <Fact label={t('birthDate')}>
        {birth(identity.birthDate, locale)} · {t('age', { years: ageOn(identity.birthDate, at) })}
      </Fact>
      {identity.email || identity.phone ? (
        <Fact label={t('contact')}>
          {identity.email}
          {identity.phone ? <span className="block">{identity.phone}</span> : null}
        </Fact>
      ) : null}
      {identity.bookedBy ? (
        <Fact label={t('bookedBy')}>
          {identity.bookedBy}
          {identity.relation ? `, ${words.relation({ relation: identity.relation })}` : ''}
        </Fact>
      ) : null}
    </dl>
  )
}

/** In a place of its own, shut until it is asked for: nobody should take it for what the patient said. */
function NotVouched({ view, records }: { view: EncounterView; records: Unvouched[] }) {
  const t = useTranslations('encounter')
  const locale = useLocale()
  return (
    <section data-chart="not-vouched">
      <Banner tone="warning" title={t('notVouchedTitle')}>
        <p>{t('notVouchedText')}</p>
        <div className="mt-3 flex flex-col gap-2.5">
          {records.map((record) => (
            <Disclosure
              key={record.recordId}
              summary={t('notVouchedItem', {
                what: t(`type.${record.type}`),
                date: formatDate(new Date(record.createdAt), view.zone, locale),
              })}
            >
              {record.type === 'identity' ? (
                <Identity identity={record.content} at={view.appointment.startsAt} />
              ) : record.type === 'reason' ? (
                <p className="whitespace-pre-wrap">{record.content.reason}</p>
              ) : (
                <Answers intake={record.content} />
              )}
            </Disclosure>
          ))}
        </div>
      </Banner>
    </section>
  )
}

const Fact = ({ label, children }: { label: string; children: ReactNode }) => (
  <>
    <dt className="text-soft max-sm:-mb-3">{label}</dt>
    <dd className="min-w-0 font-semibold">{children}</dd>
  </>
)

function ageOn(birthDate: string, at: string): number {
  const [year = 0, month = 1, day = 1] = birthDate.split('-').map(Number)
  const now = new Date(at)
  const before = now.getUTCMonth() + 1 < month || (now.getUTCMonth() + 1 === month && now.getUTCDate() < day)
  return now.getUTCFullYear() - year - (before ? 1 : 0)
}

function Answers({ intake }: { intake: Pick<IntakeContent, 'form' | 'answers'> }) {
  const t = useTranslations('encounter')
  const asked = intake.form.questions.filter((question) => isAsked(question, intake.answers))
  if (!asked.length) return <p className="text-soft">{t('noQuestions')}</p>
  return (
    <dl className="divide-y divide-line">
      {asked.map((question) => (
        <div key={question.id} className="py-2.5 first:pt-0 last:pb-0">
          <dt className="text-sm text-soft">{question.label}</dt>
          <dd className="font-semibold whitespace-pre-wrap">
            <AnswerText question={question} answer={intake.answers[question.id]} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function AnswerText({ question, answer }: { question: Question; answer: Answer | undefined }) {
  const t = useTranslations('encounter')
  const c = useTranslations('common')
  const format = useFormatter()
  const locale = useLocale()
  const label = (id: string) => question.options?.find((option) => option.id === id)?.label ?? id
  if (answer === undefined || answer === null || answer === '' || (Array.isArray(answer) && !answer.length)) {
    return <span className="font-normal text-soft">{t('unanswered')}</span>
  }
  if (typeof answer === 'boolean') return c(answer ? 'yes' : 'no')
  if (Array.isArray(answer)) return format.list(answer.map(label))
  if (question.kind === 'choice') return label(String(answer))
  if (question.kind === 'scale') return t('scale', { value: String(answer), max: question.max ?? 10 })
  if (question.kind === 'date') return birth(String(answer), locale)
  return String(answer)
}

function History({ view, chart, onShared }: { view: EncounterView; chart: Chart; onShared: () => Promise<void> }) {
  const t = useTranslations('encounter')
  const locale = useLocale()
  const past = view.visits.filter(
    (visit) => visit.appointmentId !== view.appointment.appointmentId && visit.startsAt < view.appointment.startsAt,
  )
  return (
    <Card>
      <CardTitle>{t('history')}</CardTitle>
      {past.length === 0 ? (
        <EmptyState icon={NoteIcon} title={t('noHistory')}>
          {t('noHistoryText')}
        </EmptyState>
      ) : (
        <div className="flex flex-col gap-2.5">
          {past.map((visit, index) => {
            const notes = chart.notes.filter((note) => note.appointmentId === visit.appointmentId && note.content)
            const scripts = chart.prescriptions.filter(({ row }) => row.appointmentId === visit.appointmentId)
            const why = chart.reasons.find((entry) => entry.appointmentId === visit.appointmentId)?.content?.reason
            return (
              <Disclosure
                key={visit.appointmentId}
                open={index === 0}
                summary={
                  <span className="flex min-w-0 flex-wrap items-baseline gap-x-2">
                    <span>{formatDate(new Date(visit.startsAt), view.zone, locale)}</span>
                    <span className="text-sm font-normal text-soft">
                      {[visit.service, visit.practitioner, visit.site].filter(Boolean).join(' · ')}
                    </span>
                  </span>
                }
              >
                {why ? (
                  <p className="mb-3 whitespace-pre-wrap">
                    <span className="text-soft">{t('reason')}: </span>
                    {why}
                  </p>
                ) : null}
                {notes.map((note) => (
                  <div key={note.recordId} className="mb-3">
                    <RichText text={note.content!.text} />
                    <p className="mt-1 text-sm text-soft">{note.content!.author.name}</p>
                  </div>
                ))}
                {scripts.map(({ row, entry }) => (
                  <p key={row.id} className="text-sm">
                    <Badge tone="neutral">{t('prescription')}</Badge>{' '}
                    {entry?.content?.items.map((item) => `${item.medicine} ${item.dose}`).join(', ') ?? t('unopened')}
                  </p>
                ))}
                {!notes.length && !scripts.length && !why ? <p className="text-soft">{t('nothingWritten')}</p> : null}
              </Disclosure>
            )
          })}
        </div>
      )}
      <ShareEarlier view={view} chart={chart} onShared={onShared} />
    </Card>
  )
}
