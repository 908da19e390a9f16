'use client'
import { useTranslations } from 'next-intl'
import { type FormEvent, useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Banner } from '@/components/ui/status'
import { TextField } from '@/components/ui/text-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import { type BusyView, type Fault, faults, SaveBusyInput } from '@/lib/elsewhere/rules'
import { useWhen } from './use-when'

/** Where a practitioner is busy by a calendar of their own: read from its address, which nobody is shown again. */
export function Elsewhere({ start }: { start: BusyView }) {
  const t = useTranslations('elsewhere')
  const e = useTranslations('errors.field')
  const reason = useReason()
  const toast = useToast()
  const when = useWhen()
  const [view, setView] = useState(start)
  const [url, setUrl] = useState('')
  const [error, setError] = useState<string>()
  const isFault = (code: string): code is Fault => (faults as readonly string[]).includes(code)
  const [save, saving] = useBusy(async () => {
    setError(undefined)
    const input = SaveBusyInput.safeParse({ url })
    if (!input.success) return setError(e(url.trim() ? 'invalid' : 'required'))
    const answer = await call('elsewhere/save', { url })
    if (answer.ok) {
      setView(answer.value)
      setUrl('')
      return toast(t('saved'), 'success')
    }
    const said = answer.fields?.url
    if (said) setError(isFault(said) ? t(`fault.${said}`) : e('invalid'))
    else toast(reason(answer.code), 'danger')
  })
  const [remove, removing] = useBusy(async () => {
    const answer = await call('elsewhere/remove', {})
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    setView(answer.value)
    toast(t('removed'), 'success')
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void save()
  }
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="-mt-2 mb-5 max-w-prose text-soft">{t('lead')}</p>
      {view.host && view.readAt ? (
        <p className="mb-5">
          {t('from', { host: view.host, when: when(view.readAt) })} {t('count', { count: view.count })}
        </p>
      ) : null}
      {view.fault ? (
        <Banner tone="warning" title={t(`fault.${view.fault}`)} className="mb-5">
          {t('stays')}
        </Banner>
      ) : null}
      <form noValidate onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          id="busyUrl"
          type="url"
          label={t('url')}
          hint={t('urlHint')}
          autoComplete="off"
          spellCheck={false}
          value={url}
          onChange={(event) => setUrl(event.target.value)}
          error={error}
        />
        <div className="flex flex-wrap gap-2.5">
          <Button type="submit" busy={saving}>
            {t(view.host ? 'replace' : 'save')}
          </Button>
          {view.host ? (
            <Button type="button" variant="danger" busy={removing} onClick={() => void remove()}>
              {t('remove')}
            </Button>
          ) : null}
        </div>
      </form>
    </Card>
  )
}
