'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { CodeCamera } from '@/components/ui/code-camera'
import { TextField } from '@/components/ui/text-field'
import { readPairLink, unspell } from '@/lib/browser/pairing'

interface Props {
  shownBy: 'own' | 'new'
  onSecret: (secret: string) => void
  onStop: () => void
}

/** The other device's code, by this one's camera or by hand. */
export function Scanner({ shownBy, onSecret, onStop }: Props) {
  const t = useTranslations('devices.pair')
  const c = useTranslations('common')
  const [scanning, setScanning] = useState(false)
  const [typed, setTyped] = useState('')
  const [wrong, setWrong] = useState('')
  const found = (text: string) => {
    const link = readPairLink(text)
    if (link?.shownBy === shownBy) onSecret(link.secret)
    else if (link) setWrong(t('wrongSide'))
  }

  return (
    <div className="flex flex-col gap-5">
      {scanning ? (
        <CodeCamera onCode={found} say={(word) => c(`camera.${word}`)} />
      ) : (
        <Button onClick={() => setScanning(true)}>{t('scan')}</Button>
      )}
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          const secret = unspell(typed)
          setWrong(secret ? '' : t('notACode'))
          if (secret) onSecret(secret)
        }}
      >
        <TextField
          label={t('typeLabel')}
          hint={t('typeHint')}
          error={wrong || undefined}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <div className="flex flex-wrap gap-2.5">
          <Button type="submit">{t('typeDone')}</Button>
          <Button variant="quiet" onClick={onStop}>
            {t('stop')}
          </Button>
        </div>
      </form>
    </div>
  )
}
