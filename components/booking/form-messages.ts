/** Only what the patient's forms say, in the one language that is shown. */
export async function formMessages(locale: 'en' | 'fr') {
  if (locale === 'fr') {
    const [booking, errors, common, patient, care, payment, keep, audience] = await Promise.all([
      import('@/lib/messages/fr/booking.json'),
      import('@/lib/messages/fr/errors.json'),
      import('@/lib/messages/fr/common.json'),
      import('@/lib/messages/fr/patient.json'),
      import('@/lib/messages/fr/care.json'),
      import('@/lib/messages/fr/payment.json'),
      import('@/lib/messages/fr/keep.json'),
      import('@/lib/messages/fr/audience.json'),
    ])
    return {
      booking: booking.default,
      errors: errors.default,
      common: common.default,
      patient: patient.default,
      care: care.default,
      payment: payment.default,
      keep: keep.default,
      audience: audience.default,
    }
  }
  const [booking, errors, common, patient, care, payment, keep, audience] = await Promise.all([
    import('@/lib/messages/en/booking.json'),
    import('@/lib/messages/en/errors.json'),
    import('@/lib/messages/en/common.json'),
    import('@/lib/messages/en/patient.json'),
    import('@/lib/messages/en/care.json'),
    import('@/lib/messages/en/payment.json'),
    import('@/lib/messages/en/keep.json'),
    import('@/lib/messages/en/audience.json'),
  ])
  return {
    booking: booking.default,
    errors: errors.default,
    common: common.default,
    patient: patient.default,
    care: care.default,
    payment: payment.default,
    keep: keep.default,
    audience: audience.default,
  }
}
