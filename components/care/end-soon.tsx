'use client'
import { useTranslations } from 'next-intl'
import { Banner } from '@/components/ui/status'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { endsSoon } from '@/lib/care/rules'
import { useCareWords } from './words'

/** Told to both, in words, while there is time left: to who helps, and to whom they help. */
export function EndSoon({ own }: { own: OwnChart }) {
  const t = useTranslations('care.soon')
  const words = useCareWords()
  const now = new Date(own.chart.now)
  const ending = own.care.filter(({ state, end }) => state === 'holds' && endsSoon(end, now))
  const mine = own.care.find((each) => each.mine)
  return ending
    .filter((each) => each.mine || mine?.role !== 'carer')
    .map((each) => {
      if (each.end.kind === 'open') return null
      const name = own.identity?.name ?? ''
      const isDate = each.end.kind === 'date'
      return (
        <Banner
          key={each.careId}
          tone="warning"
          title={
            isDate ? t('lastDay', { date: words.lastDay(each.end.on) }) : t('title', { date: words.day(each.end.on) })
          }
        >
          {!each.mine
            ? t(isDate ? 'otherAfter' : 'other', { name: each.name })
            : each.end.kind === 'age' && each.role === 'guardian'
              ? t('child', { name, age: each.end.age })
              : t(isDate ? 'mineAfter' : 'mine', { name })}
        </Banner>
      )
    })
}
