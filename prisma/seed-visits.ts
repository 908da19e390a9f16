// Who comes to the invented clinic, when, and what for.
import type { PrescriptionItem } from '../lib/prescription/rules.ts'
import type { RecallRule } from '../lib/recall/rules.ts'

export interface Person {
  name: string
  birthDate: string
  email: string
  phone: string
  locale: 'en' | 'fr'
}
export const people: Record<string, Person> = {
  margaux: {
    name: 'Margaux Delorme',
    birthDate: '1988-03-14',
    email: 'margaux.delorme@post.example',
    phone: '+33 6 12 40 77 18',
    locale: 'fr',
  },
  tomasz: {
    name: 'Tomasz Wiśniewski',
    birthDate: '1959-11-02',
    email: 'tomasz.w@post.example',
    phone: '+33 7 61 20 93 44',
    locale: 'en',
  },
  aisha: { name: 'Aisha Rahman', birthDate: '1996-07-29', email: 'aisha.rahman@post.example', phone: '', locale: 'en' },
  henri: {
    name: 'Henri Castel',
    birthDate: '1947-01-20',
    email: 'h.castel@post.example',
    phone: '+33 2 40 11 08 65',
    locale: 'fr',
  },
  lucia: {
    name: 'Lucía Fernández',
    birthDate: '2001-05-06',
    email: 'lucia.f@post.example',
    phone: '+34 655 010 227',
    locale: 'en',
  },
  noah: {
    name: 'Noah Lindqvist',
    birthDate: '2016-09-18',
    email: 'karin.lindqvist@post.example',
    phone: '+33 6 88 13 42 07',
    locale: 'en',
  },
  chidi: {
    name: 'Chidi Eze',
    birthDate: '1979-12-11',
    email: 'chidi.eze@post.example',
    phone: '+33 6 20 55 61 90',
    locale: 'en',
  },
}

const item = (
  medicine: string,
  dose: string,
  form: string,
  frequency: string,
  duration: string,
  quantity: string,
  notes = '',
): PrescriptionItem => ({
  medicine,
  dose,
  form,
  route: form === 'cream' ? 'on the skin' : 'by mouth',
  frequency,
  duration,
  quantity,
  repeats: 0,
  notes,
  substitution: true,
})

export interface Visit {
  who: keyof typeof people
  service: string
  by: 0 | 1
  reason: string
  answers: Record<string, string | number | boolean | string[]>
  /** In days and an hour of the clinic's day, or in minutes from now; left out: the next free slot. */
  at?: { days: number; hour: string } | { minutes: number }
  status: 'completed' | 'booked' | 'no_show'
  paid?: boolean
  note?: { text: string; shared: boolean }
  rx?: PrescriptionItem[]
  recall?: { rule: RecallRule; reason: string; service: string }
}

export const visits: Visit[] = [
  {
    who: 'margaux',
    service: 'consult',
    by: 0,
    at: { days: -24, hour: '10:00' },
    status: 'completed',
    paid: true,
    reason: 'Migraines twice a week since September, worse at the screen.',
    answers: {
      since: 'Early September',
      pain: 7,
      fever: false,
      allergies: 'Penicillin: a rash as a child',
      medicines: 'Ibuprofen 400 mg when it starts',
    },
    note: {
      shared: true,
      text: 'Findings:\nEpisodic migraine without aura, 8 days a month, photophobia. Blood pressure at home 118/74. No red flags.\nAssessment:\nMigraine, with ibuprofen on 10 days or more a month: risk of medication overuse.\nPlan:\nHeadache diary. Rizatriptan at onset, at most 8 days a month. Screen breaks, regular sleep. Review in four weeks.',
    },
    rx: [
      item(
        'Rizatriptan',
        '10 mg',
        'orodispersible tablet',
        'one at the onset of an attack, at most two in 24 hours',
        'as needed',
        '12',
        'Not on more than 8 days a month.',
      ),
    ],
    recall: {
      rule: { kind: 'in', count: 3, unit: 'months' },
      reason: 'Headache diary; consider prevention with candesartan if over 6 days a month.',
      service: 'follow',
    },
  },
  {
    who: 'tomasz',
    service: 'consult',
    by: 0,
    at: { days: -9, hour: '15:00' },
    status: 'completed',
    paid: true,
    reason: 'Blood pressure around 150 in the mornings for three weeks.',
    answers: {
      since: 'Three weeks',
      pain: 0,
      fever: false,
      allergies: 'none',
      medicines: 'Amlodipine 5 mg in the evening',
    },
    note: {
      shared: false,
      text: 'Findings:\nHome readings 148–155 / 88–92 in the morning, 136/82 in the evening. Takes amlodipine late. Ankles slightly swollen in the evening.\nPlan:\nAmlodipine in the morning. Add ramipril 2.5 mg. Creatinine and potassium in two weeks.',
    },
    rx: [
      item(
        'Ramipril',
        '2.5 mg',
        'tablet',
        'once a day, in the morning',
        '3 months',
        '90',
        'Blood test (creatinine, potassium) after two weeks.',
      ),
      item('Amlodipine', '5 mg', 'tablet', 'once a day, in the morning', '3 months', '90'),
    ],
    recall: {
      rule: { kind: 'in', count: 2, unit: 'weeks' },
      reason: 'Creatinine and potassium under ramipril.',
      service: 'follow',
    },
  },
  {
    who: 'aisha',
    service: 'skin',
    by: 1,
    at: { days: -5, hour: '11:20' },
    status: 'completed',
    reason: 'A mole on the left forearm that my sister finds darker than last summer.',
    answers: { where: ['arms'], change: 'slow', itch: false, allergies: 'none' },
    note: {
      shared: true,
      text: 'Findings:\nSymmetrical, evenly brown, 4 mm, regular border; the patient’s photo of last year shows the same size.\nAssessment:\nBenign naevus.\nPlan:\nPhoto every three months in the same light. Back at once if it grows, bleeds or changes colour.',
    },
    recall: {
      rule: { kind: 'in', count: 12, unit: 'months' },
      reason: 'Yearly look at the naevus on the left forearm.',
      service: 'skin',
    },
  },
  {
    who: 'henri',
    service: 'travel',
    by: 0,
    at: { days: -2, hour: '16:20' },
    status: 'no_show',
    reason: 'Two weeks in Senegal with my granddaughter in January.',
    answers: { country: 'Senegal, 8 to 22 January' },
  },
  {
    who: 'chidi',
    service: 'skin',
    by: 1,
    at: { minutes: -95 },
    status: 'completed',
    reason: 'Itchy, scaling patches in both elbow creases again.',
    answers: { where: ['arms'], change: 'fast', itch: true, allergies: 'Nickel' },
    note: {
      shared: true,
      text: 'Findings:\nLichenified, excoriated patches in both elbow creases, no crusts.\nAssessment:\nFlare of atopic eczema.\nPlan:\nMometasone once a day for ten days, then twice a week for a month. Emollient twice a day.',
    },
    rx: [
      item(
        'Mometasone furoate',
        '0.1 %',
        'cream',
        'thinly, once a day for 10 days, then twice a week',
        '6 weeks',
        '30 g',
        'Not on the face.',
      ),
    ],
  },
  {
    who: 'margaux',
    service: 'follow',
    by: 0,
    at: { minutes: 4 },
    status: 'booked',
    reason: 'How the new tablets went; I have kept the diary.',
    answers: {},
  },
  {
    who: 'noah',
    service: 'consult',
    by: 0,
    at: { minutes: 45 },
    status: 'booked',
    paid: true,
    reason: 'Ear ache on the right since yesterday evening, swimming last week.',
    answers: {
      since: 'Yesterday evening',
      pain: 6,
      fever: true,
      temperature: 38.4,
      allergies: 'none',
      medicines: 'Paracetamol syrup last night',
    },
  },
  {
    who: 'lucia',
    service: 'travel',
    by: 0,
    at: { minutes: 110 },
    status: 'booked',
    reason: 'Moving to Lima for six months in spring.',
    answers: { country: 'Peru, from 1 March' },
  },
  {
    who: 'aisha',
    service: 'follow',
    by: 1,
    at: { minutes: 25 },
    status: 'booked',
    reason: 'A question about the photos.',
    answers: {},
  },
  { who: 'tomasz', service: 'follow', by: 0, status: 'booked', reason: 'Blood test results.', answers: {} },
  {
    who: 'henri',
    service: 'consult',
    by: 0,
    status: 'booked',
    paid: true,
    reason: 'Short of breath on the stairs for a month.',
    answers: {
      since: 'About a month',
      pain: 2,
      fever: false,
      allergies: 'none',
      medicines: 'Apixaban 5 mg, bisoprolol 2.5 mg',
    },
  },
]
