import { useTranslations } from 'next-intl'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { useCareWords } from './words'

/** On an appointment's page: as what this browser helps, and what others signed in the patient's place. */
export function HelpedBy({ own }: { own: OwnChart }) {
  const t = useTranslations('care')
  const words = useCareWords()
  const mine = own.care.find((each) => each.mine)
  const name = own.identity?.name ?? ''
  const signers = [...new Map([...own.signers.values()].map((each) => [each.careId, each])).values()]
  return (
    <>
      {mine ? (
        <p>
          {t('you.as', { relation: words.relation(mine) })} {words.end(mine.end)}.
        </p>
      ) : null}
      {signers
        .filter(({ careId }) => careId !== mine?.careId)
        .map((each) => (
          <p key={each.careId} className="text-soft">
            {words.signedBy(each, name)}
          </p>
        ))}
    </>
  )
}
