'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { FormProvider, useForm } from 'react-hook-form'
import { z } from 'zod'
import { Button } from '@/components/ui/button'
import { Card, CardTitle, Disclosure } from '@/components/ui/card'
import { Checkbox } from '@/components/ui/choice'
import { CheckCircleIcon } from '@/components/ui/icons'
import { Banner } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { useBusy } from '@/components/ui/use-busy'
import type { AppointmentView } from '@/lib/booking/rules'
import { sendConsent, sendIntake } from '@/lib/browser/patient-forms'
import type { OwnChart } from '@/lib/browser/patient-chart'
import { vault } from '@/lib/browser/vault'
import { faultsOf, parseForm, type Answers, type IntakeForm } from '@/lib/intake/rules'
import { IntakeFields } from './intake-fields'
import { ConsentText } from './late-steps'

interface Props {
  view: AppointmentView
  own: OwnChart
  locale: 'en' | 'fr'
  onDone: () => void
}

/** What may follow the booking: the questions and the consent, until the consult is over. */
export function Todo({ view, own, onDone }: Props) {
  const t = useTranslations('patient')
  const form = parseForm(view.service.intakeForm)
  const asks = form.questions.length > 0
  if (!['held', 'booked', 'arrived', 'in_consult'].includes(view.status) || (!asks && !view.consentText)) return null
  const done = (text: string) => (
    <p className="flex items-center gap-2 text-success">
      <CheckCircleIcon size={20} />
      {text}
    </p>
  )
  return (
    <Card>
      <CardTitle>{t('todo')}</CardTitle>
      <div className="flex flex-col gap-4">
        {asks ? (
          view.done.intake ? (
            done(t('intakeDone'))
          ) : (
            <Disclosure summary={t('todoIntake')}>
              <IntakeLater form={form} view={view} own={own} onDone={onDone} />
            </Disclosure>
          )
        ) : null}
        {view.consentText ? (
          view.done.consent ? (
            done(t('consentDone'))
          ) : (
            <Disclosure summary={t('todoConsent')}>
              <ConsentLater view={view} own={own} onDone={onDone} />
            </Disclosure>
          )
        ) : null}
      </div>
    </Card>
  )
}

function IntakeLater({ form, view, own, onDone }: { form: IntakeForm } & Omit<Props, 'locale'>) {
  const t = useTranslations('patient')
  const errors = useTranslations('errors')
  const [problem, setProblem] = useState('')
  const draft = `intake:${view.id}`
  const schema = z.object({ answers: z.record(z.string(), z.unknown()) }).superRefine((given, context) => {
    for (const [id, fault] of Object.entries(faultsOf(form, given.answers as Answers)))
      context.addIssue({ code: 'custom', message: fault, path: ['answers', id] })
  })
  const fields = useForm<{ answers: Answers }>({
    defaultValues: { answers: {} },
    resolver: zodResolver(schema) as never,
  })
  useEffect(() => {
    void vault()
      .loadDraft<Answers>(draft)
      .then((answers) => answers && fields.reset({ answers }))
    let timer: ReturnType<typeof setTimeout>
    const watching = fields.watch(() => {
      clearTimeout(timer)
      timer = setTimeout(() => void vault().saveDraft(draft, fields.getValues().answers), 300)
    })
    return () => watching.unsubscribe()
  }, [fields, draft])
  const [send, sending] = useBusy(async ({ answers }: { answers: Answers }) => {
    const sent = await sendIntake(view, own, form, answers)
    if (!sent.ok) return setProblem(sent.code)
    await vault().saveDraft(draft, '')
    onDone()
  })
  return (
    <form
      noValidate
      onSubmit={(event) => void fields.handleSubmit((values) => send(values))(event)}
      className="flex flex-col gap-6"
    >
      <IntakeFields form={form} control={fields.control as never} />
      {problem ? (
        <Banner tone="danger" announce>
          {errors(problem as 'BAD_INPUT')}
        </Banner>
      ) : null}
      <Button type="submit" variant="primary" busy={sending}>
        {t('send')}
      </Button>
    </form>
  )
}

const ConsentForm = z.object({
  signedName: z.string().trim().min(1, { error: 'required' }).max(120, { error: 'tooLong' }),
  agree: z.literal(true, { error: 'accept' }),
})

function ConsentLater({ view, own, onDone }: Omit<Props, 'locale'>) {
  const t = useTranslations('patient')
  const words = useTranslations('booking.consent')
  const errors = useTranslations('errors')
  const [problem, setProblem] = useState('')
  const fields = useForm<{ signedName: string; agree: boolean }>({
    defaultValues: { signedName: '', agree: false },
    resolver: zodResolver(ConsentForm) as never,
  })
  const wrong = fields.formState.errors
  const helps = own.care.some(({ mine }) => mine)
  const [sign, signing] = useBusy(async ({ signedName }: { signedName: string }) => {
    const sent = await sendConsent(view, own, signedName)
    setProblem(sent.ok ? '' : sent.code)
    // The text, or what was signed before it, is another by now: that is fetched, and what was agreed to is asked again.
    if (!sent.ok && sent.code === 'STALE') fields.setValue('agree', false)
    if (sent.ok || sent.code === 'STALE') onDone()
  })
  return (
    <FormProvider {...fields}>
      <form
        noValidate
        onSubmit={(event) => void fields.handleSubmit((values) => sign(values))(event)}
        className="flex flex-col gap-5"
      >
        <ConsentText text={view.consentText!} version={words('version', { version: view.consentText!.version })} />
        <TextField
          label={helps ? words('nameFor', { name: own.identity?.name ?? '' }) : words('name')}
          autoComplete="off"
          error={wrong.signedName?.message && errors(`field.${wrong.signedName.message as 'required'}`)}
          {...fields.register('signedName')}
        />
        <Checkbox
          label={words('agree')}
          error={wrong.agree?.message && errors(`field.${wrong.agree.message as 'accept'}`)}
          {...fields.register('agree')}
        />
        {problem ? (
          <Banner tone="danger" announce>
            {errors(problem as 'BAD_INPUT')}
          </Banner>
        ) : null}
        <Button type="submit" variant="primary" busy={signing}>
          {t('sign')}
        </Button>
      </form>
    </FormProvider>
  )
}
