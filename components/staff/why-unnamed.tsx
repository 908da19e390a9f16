'use client'
import { useTranslations } from 'next-intl'
import { type DayRow, whyUnnamed } from '@/lib/encounter/rules'
import { useStaff } from './session'
import { useReason } from './use-reason'

/** What came is whole, and for other keys than this member's: as if it had not come. */
const forOthers: readonly string[] = ['NOT_FOR_YOU', 'NO_KEY']

/** Why no name stands here: what came does not open (`code`), or nothing came that could. */
export function WhyUnnamed({
  row,
  code,
}: {
  row: Pick<DayRow, 'memberId' | 'siteId' | 'practitioner'>
  code?: string | undefined
}) {
  const t = useTranslations('staff.whyUnnamed')
  const reason = useReason()
  const { me, chain } = useStaff()
  const groups = chain.members.find(({ memberId }) => memberId === me.memberId)?.groups ?? []
  const why = t(whyUnnamed(row, { memberId: me.memberId, groups }), { practitioner: row.practitioner })
  return <p className="text-sm text-soft">{code && !forOthers.includes(code) ? reason(code) : why}</p>
}
