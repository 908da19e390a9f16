// A clinic as it could be: names and words are invented, keys are real.
import type { IntakeForm } from '../lib/intake/rules.ts'

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
    // Opening records in an emergency takes two administrators.
    roles: ['practitioner', 'admin'] as const,
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
