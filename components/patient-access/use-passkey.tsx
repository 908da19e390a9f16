'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { mineMark } from '@/components/booking/own'
import { Button } from '@/components/ui/button'
import { ShieldIcon } from '@/components/ui/icons'
import { Banner } from '@/components/ui/status'
import { useBusy } from '@/components/ui/use-busy'
import { restoreByPasskey, type Restored } from '@/lib/browser/patient-passkey'

type Problem = Extract<Restored, { ok: false }>
const problemOf = (answer: Problem) => ('code' in answer ? answer.code : answer.why)

/** One touch in a browser that has lost everything, or never had it. */
export function UsePasskey({ onDone }: { onDone: (appointments: string[]) => void }) {
  const t = useTranslations('keep.use')
  const [problem, setProblem] = useState<ReturnType<typeof problemOf> | null>(null)
  const [touch, busy] = useBusy(async () => {
    setProblem(null)
    const answer = await restoreByPasskey()
    if (!answer.ok) return setProblem(problemOf(answer))
    for (const id of answer.appointments) localStorage.setItem(mineMark(id), '1')
    onDone(answer.appointments)
  })
  return (
    <div className="flex flex-col gap-4">
      <p className="text-soft">{t('lead')}</p>
      <Button
        variant="primary"
        className="self-start"
        icon={<ShieldIcon size={18} />}
        busy={busy}
        onClick={() => void touch()}
      >
        {t('passkey')}
      </Button>
      {problem ? (
        <Banner tone={problem === 'forged' ? 'danger' : 'warning'} announce>
          {t(`problem.${problem}`)}
        </Banner>
      ) : null}
    </div>
  )
}
