// A clinic as it could be: names and words are invented, keys are real.
import type { IntakeForm } from '../lib/intake/rules.ts'
import type { PrescriptionItem } from '../lib/prescription/rules.ts'
import type { RecallRule } from '../lib/recall/rules.ts'

export const clinic = {
  name: 'Harbour Street Practice',
  slug: 'harbour-street',
  timeZone: 'Europe/Paris',
  country: 'FR',
  currency: 'eur',
  locale: 'en' as const,
}

export const profile = {
  ...clinic,
  about:
    'Family medicine and dermatology by video, in English and French. We keep half an hour for a first consultation, so that nobody is hurried.',
  phone: '+33 1 84 60 12 40',
  address: '14 rue du Port, 44000 Nantes',
  earlyJoinMinutes: 15,
  graceMinutes: 30,
  holdMinutes: 10,
  minNoticeMinutes: 60,
  horizonDays: 60,
}

/** Passphrases of the demo, as weak as anything that is printed. */
export const owner = {
  displayName: 'Ines Moreau',
  title: 'Practice manager',
  email: 'ines@harbour.example',
  password: 'demo-ines-quay-lantern-41',
  roles: ['admin'] as const,
  bio: '',
}
export const members = [
  {
    displayName: 'Dr Amara Okafor',
    title: 'General practitioner',
    email: 'amara@harbour.example',
    password: 'demo-amara-tidal-compass-87',
    roles: ['practitioner'] as const,
    bio: 'Family medicine for twelve years; migraine, blood pressure, and the questions one has meant to ask for a while.',
    hours: [1, 2, 3, 4, 5].flatMap((weekday) => [
      { weekday, startMinute: 9 * 60, endMinute: 12 * 60 + 30 },
      { weekday, startMinute: 14 * 60, endMinute: 18 * 60 },
    ]),
  },
  {
    displayName: 'Dr Julien Lefèvre',
    title: 'Dermatologist',
    email: 'julien@harbour.example',
    password: 'demo-julien-copper-sail-52',
    roles: ['practitioner'] as const,
    bio: 'Skin, hair and nails. Good light and a clean lens help more than you would think.',
    hours: [2, 4, 6].map((weekday) => ({ weekday, startMinute: 10 * 60, endMinute: (weekday === 6 ? 13 : 17) * 60 })),
  },
  {
    displayName: 'Sofia Martins',
    title: 'Reception',
    email: 'sofia@harbour.example',
    password: 'demo-sofia-gentle-anchor-19',
    roles: ['frontdesk'] as const,
    bio: '',
    hours: [],
  },
]

export const consentText = {
  title: 'Consent to a video consultation',
  locale: 'en' as const,
  body: `I agree to be seen by video by a practitioner of Harbour Street Practice.

I understand that a video consultation does not replace an examination in person, and that the practitioner may ask me to come in, or to see somebody else, where that is safer.

The conversation, what I write in the form, and the notes of the practitioner are encrypted on our devices. The practice's practitioners can read them; whoever runs the server cannot. Nothing is recorded.

I can end the consultation at any moment and withdraw this consent for the future, without giving a reason. In an emergency I call 15 or 112 and do not wait for an appointment.`,
}

const general: IntakeForm = {
  questions: [
    { id: 'since', kind: 'text', label: 'Since when have you had this?', required: true },
    { id: 'pain', kind: 'scale', label: 'How strong is it, from 0 (not at all) to 10?', min: 0, max: 10 },
    { id: 'fever', kind: 'yesno', label: 'Have you had a fever in the last three days?' },
    {
      id: 'temperature',
      kind: 'number',
      label: 'What was the highest temperature?',
      min: 35,
      max: 43,
      when: { question: 'fever', is: true },
    },
    {
      id: 'allergies',
      kind: 'long',
      label: 'Allergies, above all to medicines',
      help: 'Write “none” if you know of none.',
      required: true,
    },
    { id: 'medicines', kind: 'long', label: 'Medicines you take at the moment' },
  ],
}
const skin: IntakeForm = {
  questions: [
    {
      id: 'where',
      kind: 'multi',
      label: 'Where is it?',
      required: true,
      options: [
        { id: 'face', label: 'Face' },
        { id: 'arms', label: 'Arms or hands' },
        { id: 'legs', label: 'Legs or feet' },
        { id: 'trunk', label: 'Chest, belly or back' },
      ],
    },
    {
      id: 'change',
      kind: 'choice',
      label: 'Has it changed lately?',
      required: true,
      options: [
        { id: 'no', label: 'No' },
        { id: 'slow', label: 'Slowly, over months' },
        { id: 'fast', label: 'Quickly, over weeks' },
      ],
    },
    { id: 'itch', kind: 'yesno', label: 'Does it itch or hurt?' },
    { id: 'allergies', kind: 'long', label: 'Known allergies', required: true },
  ],
}

export const services = [
  {
    key: 'consult',
    name: 'Video consultation',
    description: 'For anything new. Half an hour with a general practitioner.',
    minutes: 30,
    bufferAfter: 5,
    priceMinor: 4500,
    paymentMode: 'online' as const,
    intakeForm: general,
    consent: true,
    by: [0],
  },
  {
    key: 'follow',
    name: 'Follow-up',
    description: 'Results, a question, or how the treatment goes. Free within a month of a consultation.',
    minutes: 15,
    bufferAfter: 5,
    priceMinor: 0,
    paymentMode: 'free' as const,
    intakeForm: { questions: [] },
    consent: true,
    by: [0, 1],
  },
  {
    key: 'skin',
    name: 'Skin check',
    description: 'A dermatologist looks at one or two places with you.',
    minutes: 20,
    bufferAfter: 10,
    priceMinor: 6000,
    paymentMode: 'later' as const,
    intakeForm: skin,
    consent: true,
    by: [1],
  },
  {
    key: 'travel',
    name: 'Travel advice',
    description: 'Vaccinations and medicines for where you are going.',
    minutes: 20,
    bufferAfter: 5,
    priceMinor: 3500,
    paymentMode: 'later' as const,
    intakeForm: {
      questions: [{ id: 'country', kind: 'text' as const, label: 'Which countries, and when?', required: true }],
    },
    consent: false,
    by: [0],
  },
]

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
