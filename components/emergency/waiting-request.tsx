'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle, Facts } from '@/components/ui/card'
import { Checkbox } from '@/components/ui/choice'
import { CodeWords } from '@/components/ui/code-words'
import { Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { approve, type SeenRequest } from '@/lib/browser/emergency-officers'
import { dateLocale } from '@/lib/time'

/** The code as both read it out: four digits and four. */
const halves = (code: string) => [code.slice(0, 4), code.slice(4)]

export function WaitingRequest({ request, onChange }: { request: SeenRequest; onChange: () => Promise<void> }) {
  const t = useTranslations('emergency')
  const locale = useLocale()
  const reason = useReason()
  const toast = useToast()
  const { me } = useStaff()
  const [same, setSame] = useState(false)
  const { row, view, name } = request
  const own = row.askedBy.memberId === me.memberId
  const clock = (iso: string) =>
    new Intl.DateTimeFormat(dateLocale(locale), { timeStyle: 'short' }).format(new Date(iso))
  const time = clock(row.expiresAt)
  const [agree, agreeing] = useBusy(async () => {
    const answer = await approve(me.clinicId, request)
    if (answer.ok)
      toast(t('officers.approved', { name: row.askedBy.name, time: clock(answer.value.openUntil) }), 'success')
    else toast(reason(answer.code), 'danger')
    await onChange()
  })
  const [end, ending] = useBusy(async (action: 'decline' | 'withdraw') => {
    const answer = await call(`emergency/${action}`, { id: row.id }, { as: 'staff' })
    if (!answer.ok) toast(reason(answer.code), 'danger')
    await onChange()
  })
  return (
    <Card aria-live="polite">
      <CardTitle>{own ? t('officers.waiting') : t('officers.askedBy', { name: row.askedBy.name })}</CardTitle>
      {view ? (
        <>
          <p className="mb-4 text-soft">{t(own ? 'officers.youAsk' : 'officers.answerBefore', { time })}</p>
          <Facts
            className="mb-5"
            items={[
              { label: t('officers.nameKey'), value: name ?? t('officers.unnamed') },
              { label: t('officers.scope'), value: t(row.recordId ? 'officers.scopeOne' : 'officers.scopeAll') },
              {
                label: t('officers.reason'),
                value: <span className="break-words whitespace-pre-line">{view.reason ?? t('officers.noReason')}</span>,
              },
            ]}
          />
          <CodeWords label={t('officers.code')} parts={halves(view.code)} hint={t('officers.codeHint')} />
        </>
      ) : (
        <Banner tone="danger" announce>
          {t('officers.forged')}
        </Banner>
      )}
      <div className="mt-5 flex flex-col gap-3">
        {own || !view ? null : (
          <Checkbox label={t('officers.same')} checked={same} onChange={(event) => setSame(event.target.checked)} />
        )}
        <div className="flex flex-wrap gap-2.5">
          {own ? (
            <Button busy={ending} onClick={() => void end('withdraw')}>
              {t('officers.withdraw')}
            </Button>
          ) : (
            <>
              {view ? (
                <Button variant="primary" disabled={!same} busy={agreeing} onClick={() => void agree()}>
                  {t('officers.approve')}
                </Button>
              ) : null}
              <Button variant="danger" busy={ending} onClick={() => void end('decline')}>
                {t('officers.decline')}
              </Button>
            </>
          )}
        </div>
      </div>
    </Card>
  )
}
