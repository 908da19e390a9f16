'use client'
import { useLocale, useTranslations } from 'next-intl'
import type { SharedPrescription } from '@/lib/prescription/rules'
import { dateLocale, formatPlainDay } from '@/lib/time'

/** A prescription as it is read: by the practitioner before signing, by the patient, by the pharmacist. */
export function PrescriptionSheet({ prescription }: { prescription: SharedPrescription }) {
  const t = useTranslations('prescription')
  const locale = useLocale()
  const { patient, prescriber, items, notes, issuedAt, expiresAt, clinic } = prescription
  const day = (iso: string) => new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'long' }).format(new Date(iso))
  return (
    <section className="rounded-card border border-line bg-surface p-5 shadow-low sm:p-7">
      <div className="grid gap-5 border-b border-line pb-5 sm:grid-cols-2">
        <div>
          <p className="text-sm text-soft">{t('for')}</p>
          <p className="font-display text-xl">{patient.name}</p>
          <p className="text-sm text-soft">{t('born', { date: birth(patient.birthDate, locale) })}</p>
        </div>
        <div>
          <p className="text-sm text-soft">{t('by')}</p>
          <p className="font-semibold">{prescriber.name}</p>
          <p className="text-sm text-soft">
            {[prescriber.title, clinic.name, clinic.address, clinic.phone].filter(Boolean).join(' · ')}
          </p>
        </div>
      </div>
      <ol className="divide-y divide-line">
        {items.map((item, index) => (
          <li key={index} className="grid grid-cols-[2rem_1fr] gap-x-2 py-4">
            <span className="figures font-display text-xl text-soft">{index + 1}</span>
            <div className="min-w-0">
              <p className="text-lg font-semibold">
                {item.medicine} <span className="font-normal">{[item.dose, item.form].filter(Boolean).join(', ')}</span>
              </p>
              <p>{[item.route, item.frequency, item.duration].filter(Boolean).join(' · ')}</p>
              <p className="text-sm text-soft">
                {[
                  item.quantity && t('quantityLine', { quantity: item.quantity }),
                  t('repeatsLine', { count: item.repeats }),
                  item.substitution ? t('substitutionYes') : t('substitutionNo'),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </p>
              {item.notes ? <p className="mt-1 whitespace-pre-wrap">{item.notes}</p> : null}
            </div>
          </li>
        ))}
      </ol>
      {notes ? <p className="border-t border-line pt-4 whitespace-pre-wrap">{notes}</p> : null}
      <p className="mt-2 border-t border-line pt-4 text-sm text-soft">
        {t('validLine', { issued: day(issuedAt), until: day(expiresAt) })}
      </p>
    </section>
  )
}

/** A birth date is a day on a calendar, in no zone. */
export const birth = (iso: string, locale: string) =>
  /^\d{4}-\d{2}-\d{2}$/.test(iso)
    ? formatPlainDay(iso, locale, { day: 'numeric', month: 'long', year: 'numeric' })
    : iso
