import { getTranslations } from 'next-intl/server'
import { LinkButton } from '@/components/ui/button'
import { PageHeader } from '@/components/ui/card'

/** The same for what never was and for what this visitor may not see: a drawn curtain. */
export async function NothingHere() {
  const t = await getTranslations('common')
  return (
    <>
      <title>{t('notFoundTitle')}</title>
      <div className="grid items-center gap-10 py-6 sm:grid-cols-[1fr_16rem] lg:grid-cols-[1fr_22rem] lg:py-14">
        <div>
          <PageHeader title={t('notFoundTitle')} lead={t('notFoundText')} />
          <LinkButton href="/">{t('notFoundHome')}</LinkButton>
        </div>
        <div aria-hidden className="max-sm:order-first max-sm:max-w-56">
          <div className="h-1.5 rounded-full bg-ink" />
          <div className="folds mx-4 h-40 rounded-b-[50%_1.25rem] shadow-mid sm:h-64" />
        </div>
      </div>
    </>
  )
}
