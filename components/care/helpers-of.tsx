import { useTranslations } from 'next-intl'
import { Badge } from '@/components/ui/status'
import type { CareView, HelperView } from '@/lib/browser/vault-care-api'
import { useCareWords } from './words'

/** In the day list and over a chart: "with Rosa Quill, mother", and whether the patient behind it was recognised. */
export function HelpersOf({ helpers }: { helpers: readonly CareView[] }) {
  const t = useTranslations('care.staff')
  const words = useCareWords()
  const holding = helpers.filter(({ state }) => state === 'holds')
  if (!holding.length) return null
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1">
      {holding.map((each) => (
        <li key={each.careId} className="flex flex-wrap items-center gap-2">
          {words.helper(each)}
          <Badge tone={each.vouched ? 'success' : 'neutral'}>{t(each.vouched ? 'vouched' : 'notVouched')}</Badge>
        </li>
      ))}
    </ul>
  )
}

/** Everybody who helps the patient, or did, and until when. */
export function HelpersList({ helpers }: { helpers: readonly CareView[] }) {
  const t = useTranslations('care')
  const words = useCareWords()
  return (
    <ul className="flex flex-col gap-1.5">
      {helpers.map((each) => (
        <li key={each.careId}>
          <strong className="font-semibold">
            {each.name}, {words.relation(each)}
          </strong>{' '}
          <span className="text-soft">{each.state === 'holds' ? words.end(each.end) : t(`state.${each.state}`)}</span>
        </li>
      ))}
    </ul>
  )
}

/** Whose word it is where the patient did not sign: said beside the words, and where their access is over, that too. */
export function SignedBy({ signer, patient }: { signer: HelperView | undefined; patient: string | undefined }) {
  const t = useTranslations('care.staff')
  const words = useCareWords()
  if (!signer) return null
  return (
    <p className="mt-2 text-sm text-soft">
      {words.signedBy(signer, patient)}
      {signer.state === 'holds' ? '' : ` · ${t('ended')}`}
    </p>
  )
}
