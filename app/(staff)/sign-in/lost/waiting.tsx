'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { useWhen } from '@/components/account/use-when'
import { Button, LinkButton } from '@/components/ui/button'
import { Card, CardTitle, PageHeader } from '@/components/ui/card'
import { CodeWords } from '@/components/ui/code-words'
import { cx } from '@/components/ui/cx'
import { CheckCircleIcon, CheckIcon, ClockIcon, CrossCircleIcon } from '@/components/ui/icons'
import { Banner, EmptyState } from '@/components/ui/status'
import { forgetRequest, type KeptRequest, statusOf } from '@/lib/browser/lost-keys'
import type { StatusView } from '@/lib/rekey/rules'

const pollMs = 5000

/** The words to tell, and where it stands: again and again, for a day and more. */
export function Waiting({
  kept,
  start,
  onAgain,
}: {
  kept: KeptRequest
  /** Null: not known yet. */
  start: StatusView | null
  onAgain: () => void
}) {
  const t = useTranslations('lost')
  const [status, setStatus] = useState(start)
  const [lost, setLost] = useState(false)
  useEffect(() => {
    let gone = false
    const look = async () => {
      const answer = await statusOf(kept)
      if (gone) return
      setLost(!answer.ok)
      if (answer.ok) setStatus(answer.value)
    }
    void look()
    const timer = setInterval(() => void look(), pollMs)
    return () => {
      gone = true
      clearInterval(timer)
    }
  }, [kept])

  const { clinicName: clinic, displayName: name } = kept
  if (status && status.state !== 'open') {
    const { state } = status
    return (
      <div role="status">
        <EmptyState
          page
          icon={state === 'done' ? CheckCircleIcon : CrossCircleIcon}
          title={t(`end.${state}Title`)}
          action={
            state === 'done' ? (
              <LinkButton variant="primary" href="/sign-in" onClick={forgetRequest}>
                {t('end.signIn')}
              </LinkButton>
            ) : (
              <Button onClick={onAgain}>{t('end.again')}</Button>
            )
          }
        >
          {t(`end.${state}`, { clinic })}
        </EmptyState>
      </div>
    )
  }
  return (
    <>
      <PageHeader title={t('wait.title')} lead={t('wait.lead', { name, clinic })} />
      <div className="flex flex-col gap-6">
        {lost ? (
          <Banner tone="warning" announce>
            {t('wait.offline')}
          </Banner>
        ) : null}
        <CodeWords label={t('wait.words')} parts={kept.words} />
        <Card>
          <CardTitle>{t('wait.who')}</CardTitle>
          <p className="-mt-2 text-soft">{t('wait.whoText')}</p>
        </Card>
        {status ? <Where status={status} /> : null}
      </div>
    </>
  )
}

function Where({ status }: { status: StatusView }) {
  const t = useTranslations('lost.wait')
  const when = useWhen()
  const { askedAt, approvedAt, readyAt, expiresAt } = status
  const ready = approvedAt !== null && new Date(readyAt) <= new Date()
  const steps = [
    { what: t('asked'), note: when(askedAt), done: true },
    { what: t('first'), note: approvedAt ? when(approvedAt) : t('firstWaits'), done: approvedAt !== null },
    {
      what: t('second'),
      note: !approvedAt ? t('secondWaits') : ready ? t('secondNow') : t('secondFrom', { when: when(readyAt) }),
      done: false,
    },
    { what: t('done'), note: null, done: false },
  ]
  return (
    <Card aria-live="polite">
      <CardTitle>{t('where')}</CardTitle>
      <ol className="flex flex-col gap-3">
        {steps.map(({ what, note, done }) => (
          <li key={what} className="flex gap-3">
            <span
              className={cx(
                'mt-0.5 flex size-6 shrink-0 items-center justify-center rounded-full',
                done ? 'bg-accent text-on-accent' : 'bg-sunken text-soft',
              )}
            >
              {done ? <CheckIcon size={16} /> : <ClockIcon size={16} />}
            </span>
            <span className="min-w-0">
              <span className={cx('block', done && 'font-semibold')}>{what}</span>
              {note ? <span className="text-sm text-soft">{note}</span> : null}
            </span>
          </li>
        ))}
      </ol>
      <p className="mt-5 border-t border-line pt-4 text-sm text-soft">{t('keep', { when: when(expiresAt) })}</p>
      <p className="mt-2 text-sm text-soft">{t('early')}</p>
    </Card>
  )
}
