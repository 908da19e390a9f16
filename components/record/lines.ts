import type { NoteContent } from '@/lib/encounter/rules'
import type { ConsentContent } from '@/lib/consent/rules'
import type { Answer, IntakeContent, Question } from '@/lib/intake/rules'
import type { Opened } from '@/lib/browser/vault-api'
import type { PrescriptionContent } from '@/lib/prescription/rules'
import type { RecallContent } from '@/lib/recall/rules'
import type { IdentityContent, ReasonContent } from '@/lib/record/rules'

/** How a reader's language says what records hold as data. */
export interface Say {
  yes: string
  no: string
  /** YYYY-MM-DD. */
  day: (plain: string) => string
}

/** What a record says, as lines to read. A checklist says nothing that helps; a draft says what its note says. */
export function linesOf({ type, content }: Pick<Opened, 'type' | 'content'>, say: Say): string[] {
  switch (type) {
    case 'identity': {
      const { name, birthDate, phone, email } = content as IdentityContent
      return said([name, birthDate && say.day(birthDate), phone, email])
    }
    case 'reason':
      return said([(content as ReasonContent).reason])
    case 'intake': {
      const { form, answers } = content as IntakeContent
      return form.questions.flatMap((question) => {
        const answer = answers[question.id]
        return answer === undefined ? [] : [`${question.label} ${answerOf(question, answer, say)}`]
      })
    }
    case 'note':
      return said([(content as NoteContent).text])
    case 'draft':
      return said([(content as { note?: string }).note])
    case 'prescription':
      return (content as PrescriptionContent).items.map((item) =>
        said([`${item.medicine} ${item.dose}`, item.form, item.route, item.frequency, item.duration, item.notes]).join(
          ', ',
        ),
      )
    case 'recall': {
      const { reason, dueOn } = content as RecallContent
      return said([reason, dueOn && say.day(dueOn)])
    }
    case 'consent': {
      const { title, signedName } = content as ConsentContent
      return said([title, signedName])
    }
    default:
      return []
  }
}

const said = (all: readonly (string | undefined)[]): string[] => all.filter((each): each is string => Boolean(each))

/** Choices are kept by their ids. */
function answerOf({ kind, options }: Question, answer: Answer, say: Say): string {
  const label = (id: unknown) => options?.find((option) => option.id === id)?.label ?? String(id)
  if (typeof answer === 'boolean') return answer ? say.yes : say.no
  if (Array.isArray(answer)) return answer.map(label).join(', ')
  return kind === 'date' ? say.day(String(answer)) : label(answer)
}
