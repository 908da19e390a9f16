'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/choice'
import { CheckIcon, PenIcon } from '@/components/ui/icons'
import { Badge, Banner } from '@/components/ui/status'
import { TextArea } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import { sendSealed } from '@/lib/browser/send-sealed'
import { type EncounterView, type NoteContent, NoteForm } from '@/lib/encounter/rules'
import { formatTime } from '@/lib/time'
import { RichText } from './rich-text'
import { sealFor } from './seal'
import type { Chart, Entry } from './use-chart'
import type { useDraft } from './use-draft'

interface Props {
  view: EncounterView
  chart: Chart
  draft: ReturnType<typeof useDraft>
  onSaved: () => Promise<void>
}

export function NoteEditor({ view, chart, draft, onSaved }: Props) {
  const t = useTranslations('encounter')
  const toast = useToast()
  const reason = useReason()
  /** A finished note that is being corrected: its next revision. */
  const [amending, setAmending] = useState<Entry<NoteContent> | null>(null)
  const form = useForm({
    resolver: zodResolver(NoteForm),
    values: { text: draft.draft.note, share: draft.draft.share },
  })
  const { register, formState } = form
  const { errors, isSubmitting } = formState
  const notes = chart.notes.filter((note) => note.appointmentId === view.appointment.appointmentId)

  const finish = form.handleSubmit(async ({ text, share }) => {
    // Ticked and greyed out: nobody can read it, so it is not called shared.
    const shared = share && chart.readers.length > 0
    const content: NoteContent = {
      text,
      writtenAt: new Date().toISOString(),
      author: view.me,
      appointmentId: view.appointment.appointmentId,
      shared,
    }
    const next = amending && {
      recordId: amending.recordId,
      revision: amending.revision + 1,
      previous: amending.hash ?? undefined,
    }
    const { appointmentId } = view.appointment
    const answer = await sendSealed(
      chart.clinicId,
      () => sealFor(chart, { type: 'note', content, shared, ...next }),
      (record) => call('encounter/save-record', { appointmentId, record }),
    )
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    draft.change({ note: '' })
    await draft.save()
    setAmending(null)
    toast(t(shared ? 'noteShared' : 'noteSaved'), 'success')
    await onSaved()
  })
  const amend = (note: Entry<NoteContent>) => {
    setAmending(note)
    draft.change({ note: note.content!.text, share: note.content!.shared })
  }
  const text = register('text')
  const share = register('share')
  return (
    <div className="flex flex-col gap-5">
      {draft.state === 'conflict' && draft.theirs ? (
        <Banner
          tone="warning"
          title={t('conflict')}
          announce
          actions={
            <>
              <Button size="sm" onClick={() => draft.settle('mine')}>
                {t('keepMine')}
              </Button>
              <Button size="sm" onClick={() => draft.settle('theirs')}>
                {t('takeTheirs')}
              </Button>
            </>
          }
        >
          <p className="mt-1 max-h-40 overflow-y-auto whitespace-pre-wrap">{draft.theirs.note || t('emptyDraft')}</p>
        </Banner>
      ) : null}
      <form onSubmit={finish} noValidate className="flex flex-col gap-3">
        <TextArea
          label={amending ? t('amending') : t('noteLabel')}
          rows={9}
          placeholder={t('notePlaceholder')}
          error={errors.text && reason.field(errors.text.message)}
          {...text}
          onChange={(event) => {
            void text.onChange(event)
            draft.change({ note: event.target.value })
          }}
        />
        <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
          <Checkbox
            label={t('share')}
            hint={chart.readers.length ? t('shareHint') : t('shareNobody')}
            disabled={!chart.readers.length}
            {...share}
            onChange={(event) => {
              void share.onChange(event)
              draft.change({ share: event.target.checked })
            }}
          />
          <DraftLine state={draft.state} />
        </div>
        <div className="flex flex-wrap gap-2.5">
          <Button type="submit" variant="primary" icon={<CheckIcon />} busy={isSubmitting}>
            {t(amending ? 'saveAmended' : 'finishNote')}
          </Button>
          {amending ? (
            <Button
              variant="quiet"
              onClick={() => {
                setAmending(null)
                draft.change({ note: '' })
              }}
            >
              {t('stopAmending')}
            </Button>
          ) : null}
        </div>
      </form>
      {notes.length ? (
        <ul aria-label={t('finished')} className="divide-y divide-line border-t border-line">
          {notes.map((note) => (
            <Finished key={note.recordId} note={note} zone={view.zone} own={view.me.memberId} onAmend={amend} />
          ))}
        </ul>
      ) : null}
    </div>
  )
}

function Finished({
  note,
  zone,
  own,
  onAmend,
}: {
  note: Entry<NoteContent>
  zone: string
  own: string
  onAmend: (note: Entry<NoteContent>) => void
}) {
  const t = useTranslations('encounter')
  const locale = useLocale()
  const { content } = note
  if (!content) return null
  return (
    <li className="py-4">
      <p className="mb-2 flex flex-wrap items-center gap-2.5 text-sm text-soft">
        {content.author.name}, {formatTime(new Date(content.writtenAt), zone, locale)}
        <Badge tone={content.shared ? 'success' : 'neutral'}>{t(content.shared ? 'shared' : 'notShared')}</Badge>
        {note.revision > 1 ? <Badge>{t('revision', { revision: note.revision })}</Badge> : null}
      </p>
      <RichText text={content.text} />
      {content.author.memberId === own ? (
        <Button
          variant="quiet"
          size="sm"
          icon={<PenIcon size={18} />}
          className="mt-2 -ms-3"
          onClick={() => onAmend(note)}
        >
          {t('amend')}
        </Button>
      ) : null}
    </li>
  )
}

function DraftLine({ state }: { state: ReturnType<typeof useDraft>['state'] }) {
  const t = useTranslations('encounter')
  const [said, setSaid] = useState(state)
  // "Saving" flickers by; a screen reader hears what lasts.
  useEffect(() => {
    const timer = setTimeout(() => setSaid(state), 400)
    return () => clearTimeout(timer)
  }, [state])
  return (
    <p
      role="status"
      data-draft={state}
      className={`pt-2.5 text-sm ${said === 'offline' ? 'text-warning' : 'text-soft'}`}
    >
      {t(`draft.${said}`)}
    </p>
  )
}
