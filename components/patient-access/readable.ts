import { linesOf, type Say } from '@/components/record/lines'
import type { ExportedRecord, ExportFile } from '@/lib/browser/export'
import type { ConsentContent } from '@/lib/consent/rules'
import { formatMoney } from '@/lib/money'
import { dateLocale } from '@/lib/time'

type Translate = (key: string, values?: Record<string, string | number>) => string
type Words = Say & { relation: (code: string) => string }
interface Item {
  title: string
  facts: string[]
  lines: string[]
}

/**
 * The export as a page to read and to print: one HTML file without a script or anything from elsewhere, made on the patient's
 * device. `t`: messages of `devices.readable`. `zone`: the reader's own.
 */
export function readable(file: ExportFile, locale: string, zone: string, t: Translate, say: Words): string {
  const at = (time: string) =>
    new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'long', timeStyle: 'short', timeZone: zone }).format(
      new Date(time),
    )
  const newest = new Map<string, number>()
  for (const { recordId, revision } of file.records) newest.set(recordId, Math.max(revision, newest.get(recordId) ?? 0))
  const visits = new Map(file.appointments.map((each) => [each.id, each]))
  const paid = Map.groupBy(file.payments, ({ appointmentId }) => appointmentId)

  const records = file.records.toReversed().flatMap((record): Item[] => {
    const lines = wordsOf(record, say, t)
    if (!lines.length) return []
    const visit = record.appointmentId ? visits.get(record.appointmentId) : undefined
    const facts = [at(record.createdAt)]
    if (visit) facts.push(t('visit', { service: visit.service, name: visit.practitioner, at: at(visit.startsAt) }))
    if (record.revision < newest.get(record.recordId)!) facts.push(t('earlier'))
    return [{ title: t(`type.${record.type}`), facts, lines }]
  })
  const appointments = file.appointments.map(({ id, service, practitioner, startsAt, status }): Item => ({
    title: at(startsAt),
    facts: [t(`status.${status}`)],
    lines: [
      t('with', { service, name: practitioner }),
      ...(paid.get(id) ?? []).flatMap(({ amountMinor, refundedMinor, currency }) => [
        t('paid', { amount: formatMoney(amountMinor, currency, locale) }),
        ...(refundedMinor ? [t('refunded', { amount: formatMoney(refundedMinor, currency, locale) })] : []),
      ]),
    ],
  }))
  const { name, address, phone } = file.clinic
  const body = [
    `<h1>${text(t('title'))}</h1>`,
    `<p>${text(t('lead', { at: at(file.madeAt), zone }))}</p>`,
    `<p><strong>${[name, address, phone].filter(Boolean).map(text).join('<br>')}</strong></p>`,
    section(t('records'), records, t('noRecords')),
    section(t('appointments'), appointments, t('noAppointments')),
  ]
  return `<!doctype html><html lang="${text(locale)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>${text(t('title'))}</title><style>${style}</style></head><body>${body.join('')}</body></html>`
}

function wordsOf(record: ExportedRecord, say: Words, t: Translate): string[] {
  if ('notOpened' in record) return [t('notOpened')]
  const { type, content } = record
  if (type !== 'consent') return linesOf({ type, content }, say)
  // What was signed, word for word.
  const { title, body, signedName, onBehalf } = content as ConsentContent
  const behalf = onBehalf && t('onBehalf', { name: onBehalf.name, relation: say.relation(onBehalf.relation) })
  return [title, body, t('signed', { name: signedName }), ...(behalf ? [behalf] : [])]
}

const section = (title: string, items: Item[], none: string) =>
  `<section><h2>${text(title)}</h2>${items.length ? items.map(article).join('') : `<p>${text(none)}</p>`}</section>`

const article = ({ title, facts, lines }: Item) =>
  `<article><h3>${text(title)}</h3><p class="facts">${facts.map(text).join('<br>')}</p>${lines.map((line) => `<p>${text(line)}</p>`).join('')}</article>`

const codes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const text = (words: string) => words.replaceAll(/[&<>"']/g, (letter) => codes[letter]!)

const style = `:root{color-scheme:light dark}body{max-width:44rem;margin:2rem auto;padding:0 1rem;font:1.05rem/1.55 system-ui,sans-serif}
article{border-top:1px solid #8888;padding:.75rem 0;break-inside:avoid}h3{margin:.25rem 0}p{margin:.35rem 0;white-space:pre-line;overflow-wrap:anywhere}
.facts{font-size:.9em;opacity:.8}`
