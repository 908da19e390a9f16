'use client'
import { useTranslations } from 'next-intl'
import { type DayRow, whyUnnamed } from '@/lib/encounter/rules'
import { useStaff } from './session'
import { useReason } from './use-reason'

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
  const why = whyUnnamed(row, { memberId: me.memberId, groups })
  return <p className="text-sm text-soft">{code ? reason(code) : t(why, { practitioner: row.practitioner })}</p>
}
