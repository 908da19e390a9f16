import { getTranslations } from 'next-intl/server'
import { CurtainScene } from '@/components/brand/curtain-scene'
import { LinkButton } from '@/components/ui/button'
import { Facts } from '@/components/ui/card'
import { EyeIcon, LockIcon, MinusIcon } from '@/components/ui/icons'
import { Table } from '@/components/ui/table'

const visit = ['book', 'seal', 'meet', 'follow'] as const
const classes = ['public', 'operational', 'clinical'] as const
const limits = ['code', 'keys', 'times', 'stripe', 'people'] as const
const parts = ['app', 'database', 'video', 'mail', 'payments'] as const

export default async function Landing() {
  const t = await getTranslations('landing')
  return (
    <div className="flex flex-col gap-20 pt-2 sm:gap-28 sm:pt-8">
      <section className="grid items-center gap-10 lg:grid-cols-[1.05fr_1fr] lg:gap-14">
        <div>
          <p className="eyebrow mb-3">{t('eyebrow')}</p>
          <h1 className="text-4xl sm:text-5xl">{t('title')}</h1>
          <p className="mt-6 max-w-prose text-lg text-soft">{t('lead')}</p>
          <div className="mt-8 flex flex-wrap gap-3">
            <LinkButton href="/start" variant="primary" size="lg">
              {t('start')}
            </LinkButton>
            <LinkButton href="/sign-in" size="lg">
              {t('signIn')}
            </LinkButton>
          </div>
          <p className="mt-5 text-sm text-soft">{t('patientHint')}</p>
        </div>
        <CurtainScene label={t('picture')} className="h-auto w-full" />
      </section>

      <section aria-labelledby="visit">
        <h2 id="visit" className="text-3xl">
          {t('visitTitle')}
        </h2>
        <ol className="mt-8 grid gap-x-8 gap-y-8 sm:grid-cols-2 lg:grid-cols-4">
          {visit.map((step, index) => (
            <li key={step} className="border-t-2 border-accent pt-4">
              <p aria-hidden className="font-display text-xl text-accent">
                {index + 1}
              </p>
              <h3 className="mt-1 text-lg">{t(`visit.${step}.title`)}</h3>
              <p className="mt-1 text-soft">{t(`visit.${step}.text`)}</p>
            </li>
          ))}
        </ol>
      </section>

      <section aria-labelledby="operator">
        <h2 id="operator" className="text-3xl">
          {t('operatorTitle')}
        </h2>
        <p className="mt-4 max-w-prose text-lg text-soft">{t('operatorLead')}</p>
        <div className="mt-8">
          <Table
            caption={t('operatorTitle')}
            columns={[
              { key: 'what', label: t('tableWhat'), heading: true },
              { key: 'examples', label: t('tableExamples'), prose: true },
              { key: 'sees', label: t('tableOperator'), prose: true },
            ]}
            rows={classes.map((name) => ({
              id: name,
              cells: {
                what: <span className="font-display text-xl font-normal">{t(`${name}.name`)}</span>,
                examples: <span className="block max-w-prose text-soft">{t(`${name}.examples`)}</span>,
                sees: (
                  <span className={`flex items-start gap-2 font-semibold ${name === 'clinical' ? 'text-accent' : ''}`}>
                    <span className="mt-1">{name === 'clinical' ? <LockIcon size={18} /> : <EyeIcon size={18} />}</span>
                    {t(`${name}.sees`)}
                  </span>
                ),
              },
            }))}
          />
        </div>
      </section>

      <section className="grid gap-x-14 gap-y-16 lg:grid-cols-2">
        <div>
          <h2 className="text-2xl">{t('limitsTitle')}</h2>
          <ul className="mt-5 flex flex-col gap-4">
            {limits.map((limit) => (
              <li key={limit} className="flex gap-3">
                <MinusIcon className="mt-1 text-accent" />
                <span>{t(`limits.${limit}`)}</span>
              </li>
            ))}
          </ul>
        </div>
        <div>
          <h2 className="text-2xl">{t('hostTitle')}</h2>
          <p className="mt-5 mb-6">{t('hostText')}</p>
          <Facts items={parts.map((part) => ({ label: t(`hostParts.${part}`), value: t(`hostParts.${part}Value`) }))} />
        </div>
      </section>
    </div>
  )
}
