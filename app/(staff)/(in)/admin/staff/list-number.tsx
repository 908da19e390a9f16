'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { numberParts } from '@/components/staff/chain-stop'
import { useStaff } from '@/components/staff/session'
import { Card, CardTitle } from '@/components/ui/card'
import { CodeWords } from '@/components/ui/code-words'
import { Banner } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { vault } from '@/lib/browser/vault'

/** The other end of the notice that a refused list shows: the same number, in a browser whose list was not refused. */
export function ListNumber() {
  const t = useTranslations('notice.colleague')
  const { me, chain } = useStaff()
  const [typed, setTyped] = useState('')
  const [number, setNumber] = useState<string | null>(null)
  const length = /^\d{1,6}$/.test(typed.trim()) ? Number(typed) : 0
  useEffect(() => {
    let gone = false
    void vault()
      .numberOf({ clinicId: me.clinicId, length })
      .then((found) => gone || setNumber(found))
    return () => {
      gone = true
    }
  }, [length, me.clinicId, chain.head])
  return (
    <Card className="mt-6">
      <CardTitle>{t('title')}</CardTitle>
      <p className="mb-4 max-w-prose text-soft">{t('text')}</p>
      <div className="max-w-sm">
        <TextField
          label={t('label')}
          hint={t('hint', { count: chain.length })}
          inputMode="numeric"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <div aria-live="polite" className="mt-4 flex max-w-xl flex-col gap-3">
        {length > chain.length ? <Banner tone="danger">{t('tooLong')}</Banner> : null}
        {number ? (
          <>
            <CodeWords label={t('number', { count: length })} parts={numberParts(number)} />
            <p>{t('same')}</p>
            <p>{t('differs')}</p>
          </>
        ) : null}
      </div>
    </Card>
  )
}
