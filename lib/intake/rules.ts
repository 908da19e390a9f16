import { z } from 'zod'
import { SealedRecord } from '../record/rules.ts'
import { Id } from '../ids.ts'

export const questionKinds = ['text', 'long', 'yesno', 'choice', 'multi', 'number', 'scale', 'date'] as const

export const Question = z
  .object({
    id: z
      .string()
      .min(1)
      .max(40)
      .regex(/^[a-z0-9_-]+$/i),
    kind: z.enum(questionKinds),
    label: z.string().trim().min(1, { error: 'required' }).max(300, { error: 'tooLong' }),
    help: z.string().trim().max(400, { error: 'tooLong' }).optional(),
    required: z.boolean().optional(),
    options: z
      .array(
        z.object({ id: z.string().min(1).max(40), label: z.string().trim().min(1, { error: 'required' }).max(200) }),
      )
      .max(30)
      .optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    /** Asked only when an earlier question was answered so. */
    when: z.object({ question: z.string().min(1).max(40), is: z.union([z.string().max(200), z.boolean()]) }).optional(),
  })
  .refine((question) => !['choice', 'multi'].includes(question.kind) || (question.options?.length ?? 0) >= 2, {
    error: 'choose',
  })
export type Question = z.infer<typeof Question>

export const IntakeForm = z.object({ questions: z.array(Question).max(60) }).superRefine((form, context) => {
  const seen = new Set<string>()
  form.questions.forEach((question, index) => {
    if (seen.has(question.id))
      context.addIssue({ code: 'custom', message: 'invalid', path: ['questions', index, 'id'] })
    if (question.when && !seen.has(question.when.question))
      context.addIssue({ code: 'custom', message: 'invalid', path: ['questions', index, 'when'] })
    seen.add(question.id)
  })
})
export type IntakeForm = z.infer<typeof IntakeForm>

/** A form as the database holds it; one that does not parse asks nothing. */
export function parseForm(json: unknown): IntakeForm {
  const parsed = IntakeForm.safeParse(json)
  return parsed.success ? parsed.data : { questions: [] }
}

export type Answer = string | number | boolean | string[] | null
export type Answers = Record<string, Answer>

/** Whether a question is asked, given the answers so far. */
export function isAsked(question: Pick<Question, 'when'>, answers: Answers): boolean {
  const { when } = question
  if (!when) return true
  const answer = answers[when.question]
  return Array.isArray(answer) ? answer.includes(String(when.is)) : answer === when.is
}

const blank = (answer: Answer | undefined) =>
  answer === undefined || answer === null || answer === '' || (Array.isArray(answer) && answer.length === 0)

/** What is wrong with the answers: question id → key under errors.field. */
export function faultsOf(form: IntakeForm, answers: Answers): Record<string, string> {
  const faults: Record<string, string> = {}
  for (const question of form.questions) {
    if (!isAsked(question, answers)) continue
    const answer = answers[question.id]
    if (blank(answer)) {
      if (question.required)
        faults[question.id] = ['yesno', 'choice', 'multi', 'scale'].includes(question.kind) ? 'choose' : 'required'
      continue
    }
    const fault = faultOf(question, answer!)
    if (fault) faults[question.id] = fault
  }
  return faults
}

function faultOf(question: Question, answer: Answer): string | null {
  switch (question.kind) {
    case 'text':
      return String(answer).length > 300 ? 'tooLong' : null
    case 'long':
      return String(answer).length > 5000 ? 'tooLong' : null
    case 'number':
    case 'scale': {
      const value = Number(answer)
      if (!Number.isFinite(value)) return 'number'
      if (question.min !== undefined && value < question.min) return 'tooSmall'
      return question.max !== undefined && value > question.max ? 'tooLarge' : null
    }
    case 'date':
      return z.iso.date().safeParse(answer).success ? null : 'date'
    case 'choice':
      return question.options?.some((option) => option.id === answer) ? null : 'choose'
    default:
      return null
  }
}

/** Answers to the questions that were asked, and no others. */
export const askedAnswers = (form: IntakeForm, answers: Answers): Answers =>
  Object.fromEntries(
    form.questions
      .filter((question) => isAsked(question, answers) && !blank(answers[question.id]))
      .map((question) => [question.id, answers[question.id]!]),
  )

/** Record of type `intake`, schema 1. The questions as they were asked are kept with the answers. */
export interface IntakeContent {
  appointmentId: string
  serviceId: string
  intakeVersion: number
  form: IntakeForm
  answers: Answers
  answeredAt: string
}

export const SubmitInput = z.object({ appointmentId: Id, records: z.array(SealedRecord).min(1).max(2) })

export interface IntakeContract {
  'intake/submit': { in: z.input<typeof SubmitInput>; out: { done: true } }
}
