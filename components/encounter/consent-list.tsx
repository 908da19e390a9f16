'use client'
import { useLocale, useTranslations } from 'next-intl'
import { SignedBy } from '@/components/care/helpers-of'
import { Disclosure } from '@/components/ui/card'
import { CheckIcon, WarningIcon } from '@/components/ui/icons'
import { Badge, Banner } from '@/components/ui/status'
import type { EncounterView } from '@/lib/encounter/rules'
import { formatDate } from '@/lib/time'
import type { Chart, ConsentEntry } from './use-chart'

/** Each consent with what was checked of it. One that does not verify is never shown as given. */
export function ConsentList({ view, chart }: { view: EncounterView; chart: Chart }) {
  const { consents, consentsBroken: broken } = chart
  const t = useTranslations('encounter')
  const audit = useTranslations('audit')
  // The defence of attack 11: of a history that was cut or replaced nothing is shown as given.
  if (broken)
    return (
      <Banner tone="danger" announce>
        {audit(`consents.${broken}`)}
      </Banner>
    )
  const { appointmentId } = view.appointment
  const here = consents.filter(({ proof }) => proof.appointmentId === appointmentId)
  const earlier = consents.filter(({ proof }) => proof.appointmentId !== appointmentId)
  return (
    <div className="flex flex-col gap-2.5">
      {here.length ? (
        <Signed view={view} chart={chart} consents={here} />
      ) : (
        <p className="text-soft">{t('noConsent')}</p>
      )}
      {earlier.length ? (
        <details>
          <summary className="inline-flex min-h-11 items-center text-sm text-accent underline underline-offset-3">
            {t('earlierConsents', { count: earlier.length })}
          </summary>
          <Signed view={view} chart={chart} consents={earlier} />
        </details>
      ) : null}
    </div>
  )
}

function Signed({ view, chart, consents }: { view: EncounterView; chart: Chart; consents: ConsentEntry[] }) {
  const t = useTranslations('encounter')
  const locale = useLocale()
  return (
    <ul className="flex flex-col gap-2.5">
      {consents.toReversed().map(({ proof, content, fault }) => (
        <li key={proof.seq}>
          <Disclosure
            summary={
              <span className="flex min-w-0 flex-wrap items-center gap-x-2.5 gap-y-1">
                <span>{content && !fault ? content.title : t('consent')}</span>
                {fault === 'destroyed' ? (
                  <Badge tone="neutral">{t('consentDestroyed')}</Badge>
                ) : fault ? (
                  <Badge tone="danger" icon={<WarningIcon size={14} />}>
                    {t('consentInvalid')}
                  </Badge>
                ) : (
                  <Badge tone={proof.state === 'signed' ? 'success' : 'warning'} icon={<CheckIcon size={14} />}>
                    {t(proof.state === 'signed' ? 'consentValid' : 'consentWithdrawn')}
                  </Badge>
                )}
              </span>
            }
          >
            {fault ? (
              <p className={fault === 'destroyed' ? 'text-soft' : 'text-danger'}>{t(`consentFault.${fault}`)}</p>
            ) : content ? (
              <>
                <p className="mb-3 text-sm text-soft">
                  {t('consentSigned', {
                    name: content.signedName,
                    date: formatDate(new Date(content.signedAt), view.zone, locale),
                    version: content.version,
                  })}
                </p>
                <SignedBy signer={chart.signers.get(proof.recordId)} patient={chart.identity?.name} />
                <p
                  className="max-h-80 overflow-y-auto whitespace-pre-wrap"
                  tabIndex={0}
                  role="region"
                  aria-label={content.title}
                >
                  {content.body}
                </p>
              </>
            ) : null}
          </Disclosure>
        </li>
      ))}
    </ul>
  )
}
