import { expect, it } from 'vitest'
import type { ExportFile } from '@/lib/browser/export'
import { readable } from './readable.ts'

const author = { key: '', kind: 'member', id: 'm', vouched: true } as const
const kept = { appointmentId: 'a', createdAt: '2026-03-01T09:00:00.000Z' }
const file = {
  madeAt: '2026-03-02T10:00:00.000Z',
  clinic: { name: 'Practice <Lind>', address: '1 Quay Street', phone: '+33 1 00' },
  appointments: [
    {
      id: 'a',
      startsAt: '2026-03-01T08:30:00.000Z',
      status: 'completed',
      service: 'Consultation',
      practitioner: 'Dr. Noor',
    },
  ],
  payments: [{ appointmentId: 'a', status: 'paid', amountMinor: 4500, refundedMinor: 500, currency: 'eur' }],
  records: [
    { ...kept, recordId: 'n', revision: 1, type: 'note', author, content: { text: 'Rest.' } },
    { ...kept, recordId: 'n', revision: 2, type: 'note', author, content: { text: 'Rest & <b>tea</b>."' } },
    { ...kept, recordId: 'x', revision: 1, type: 'reason', notOpened: 'DAMAGED' },
    { ...kept, recordId: 'l', revision: 1, type: 'checklist', author, content: {} },
    {
      ...{ ...kept, recordId: 'c', revision: 1, type: 'consent', author },
      content: { title: 'Video', body: 'I agree.', signedName: 'Vera', onBehalf: { name: 'Otto', relation: 'father' } },
    },
  ],
} as unknown as ExportFile
const t = (key: string, values = {}) => [key, ...Object.values(values)].join(' ')
const say = { yes: 'yes', no: 'no', day: (day: string) => day, relation: (code: string) => `the ${code}` }
const page = readable(file, 'en', 'Europe/Paris', t, say)
const articles = page.split('<article>').slice(1)

it('is a page of words: what somebody typed is never markup', () => {
  expect(page).toContain('Practice &lt;Lind&gt;')
  expect(page).toContain('<p>Rest &amp; &lt;b&gt;tea&lt;/b&gt;.&quot;</p>')
  expect(page).not.toMatch(/<script|<b>|src=|href=/)
})

it('says what each record is, of which visit and when, newest first, and that an earlier version was changed', () => {
  expect(articles.map((each) => /<h3>(.*?)<\/h3>/.exec(each)![1])).toEqual([
    ...['type.consent', 'type.reason', 'type.note', 'type.note'],
    '1 March 2026 at 09:30',
  ])
  expect(articles.map((each) => each.includes('earlier'))).toEqual([false, false, false, true, false])
  expect(articles[2]).toContain('visit Consultation Dr. Noor 1 March 2026 at 09:30')
})

it('has a consent word for word, who signed it for whom, what did not open, and what was paid', () => {
  expect(articles[0]).toContain('<p>I agree.</p><p>signed Vera</p><p>onBehalf Otto the father</p>')
  expect(articles[1]).toContain('notOpened')
  expect(articles[4]).toContain('<p>paid €45</p><p>refunded €5</p>')
})
