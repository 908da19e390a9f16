'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { CodeCamera } from '@/components/ui/code-camera'
import { QrIcon } from '@/components/ui/icons'
import { TextArea } from '@/components/ui/text-field'

/** A kit's words as they were written down, or its code before the camera. */
export function KitFields({ text, onText, error }: { text: string; onText: (text: string) => void; error?: string }) {
  const t = useTranslations('account')
  const c = useTranslations('common')
  const [scanning, setScanning] = useState(false)
  return (
    <div className="flex flex-col gap-3">
      <TextArea
        label={t('kit.words')}
        hint={t('kit.wordsHint')}
        error={error}
        rows={4}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={text}
        onChange={(event) => onText(event.target.value)}
      />
      {scanning ? (
        <CodeCamera
          say={(word) => c(`camera.${word}`)}
          onCode={(code) => {
            setScanning(false)
            onText(code)
          }}
        />
      ) : (
        <div>
          <Button size="sm" icon={<QrIcon size={18} />} onClick={() => setScanning(true)}>
            {t('kit.scan')}
          </Button>
        </div>
      )}
    </div>
  )
}
