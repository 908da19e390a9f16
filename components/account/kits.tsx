'use client'
import { useLocale, useTranslations } from 'next-intl'
import { type RefObject, useRef, useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Dialog } from '@/components/ui/dialog'
import { DownloadIcon } from '@/components/ui/icons'
import { QrCode } from '@/components/ui/qr-code'
import { Banner } from '@/components/ui/status'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import type { WrapRow } from '@/lib/account/rules'
import { type MadeKit, makeKit, tryKit } from '@/lib/browser/account'
import type { SessionCode } from '@/lib/browser/staff-session'
import { Confirm } from './confirm'
import { KitFields } from './kit-fields'
import { useKitReason } from './use-kit-reason'
import { Wraps } from './wraps'

/** What opens the account when the passphrase is lost. An owner whom no colleague could vouch for makes two. */
export function Kits({
  kits,
  alone,
  passkey,
  onChange,
}: {
  kits: WrapRow[]
  alone: boolean
  passkey: boolean
  onChange: () => Promise<void>
}) {
  const t = useTranslations('account')
  const reason = useReason()
  const locale = useLocale() === 'fr' ? 'fr' : 'en'
  const [asking, setAsking] = useState(false)
  const [made, setMade] = useState<MadeKit | null>(null)
  const [trying, setTrying] = useState(false)
  const [code, setCode] = useState<SessionCode | null>(null)
  const make = useRef<HTMLButtonElement>(null)
  const good = kits.filter((kit) => kit.triedAt).length
  const wanted = alone ? 2 : 1
  return (
    <Card>
      <CardTitle
        actions={
          <Button ref={make} onClick={() => setAsking(true)}>
            {t('kit.make')}
          </Button>
        }
      >
        {t('kit.title')}
      </CardTitle>
      <p className="-mt-2 mb-4 max-w-prose text-soft">{t('kit.lead')}</p>
      {good < wanted ? (
        <Banner tone="warning" className="mb-4">
          {t(alone ? 'kit.wantedAlone' : 'kit.wanted', { count: wanted - good })}
        </Banner>
      ) : null}
      {code ? (
        <Banner tone="danger" announce className="mb-4">
          {reason(code)}
        </Banner>
      ) : null}
      <Wraps
        wraps={kits}
        onChange={onChange}
        actions={(kit) =>
          kit.triedAt ? null : (
            <Button size="sm" onClick={() => setTrying(true)}>
              {t('kit.try')}
            </Button>
          )
        }
      />
      <Confirm
        open={asking}
        passkey={passkey}
        onClose={() => setAsking(false)}
        onConfirmed={async (confirmed) => {
          const answer = await makeKit(confirmed, locale)
          setAsking(false)
          setCode(answer.ok ? null : answer.code)
          if (!answer.ok) return
          setMade(answer.value)
          await onChange()
        }}
      />
      {made ? (
        <Shown
          kit={made}
          finalFocus={make}
          onKept={() => {
            setMade(null)
            setTrying(true)
          }}
          onClose={() => setMade(null)}
        />
      ) : null}
      <Trial open={trying} finalFocus={make} onClose={() => setTrying(false)} onChange={onChange} />
    </Card>
  )
}

interface ShownProps {
  kit: MadeKit
  finalFocus: RefObject<HTMLElement | null>
  onKept: () => void
  onClose: () => void
}

/** Shown once: nothing here keeps them. */
function Shown({ kit, finalFocus, onKept, onClose }: ShownProps) {
  const t = useTranslations('account')
  const c = useTranslations('common')
  const { chain, me } = useStaff()
  const [save, saving] = useBusy(async () => {
    const { default: kitPdf } = await import('./kit-pdf')
    const say = (key: 'title' | 'what' | 'how' | 'root' | 'scan', values?: Record<string, string>) =>
      t(`kit.pdf.${key}`, values ?? {})
    const name = me.displayName
    const blob = await kitPdf({ ...kit, name, rootFingerprint: chain.rootFingerprint, site: location.host }, say)
    const link = document.createElement('a')
    link.href = URL.createObjectURL(blob)
    link.download = 'curtain-recovery-kit.pdf'
    link.click()
    URL.revokeObjectURL(link.href)
  })
  return (
    <Dialog
      wide
      firm
      open
      finalFocus={finalFocus}
      title={t('kit.shown')}
      description={t('kit.shownLead')}
      closeLabel={c('close')}
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      footer={
        <>
          <Button icon={<DownloadIcon />} busy={saving} onClick={() => void save()}>
            {t('kit.save')}
          </Button>
          <Button variant="primary" onClick={onKept}>
            {t('kit.kept')}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-5 sm:flex-row">
        <ol aria-label={t('kit.words')} className="grid flex-1 grid-cols-2 gap-x-5 gap-y-1.5 sm:grid-cols-3">
          {kit.words.map((word, index) => (
            <li key={index} className="flex gap-2">
              <span className="figures w-6 text-end text-soft" aria-hidden>
                {index + 1}
              </span>
              <span className="font-mono select-all">{word}</span>
            </li>
          ))}
        </ol>
        <QrCode value={kit.code} label={t('kit.qr')} className="size-40 self-center" />
      </div>
    </Dialog>
  )
}

interface TrialProps {
  open: boolean
  finalFocus: RefObject<HTMLElement | null>
  onClose: () => void
  onChange: () => Promise<void>
}

function Trial({ open, finalFocus, onClose, onChange }: TrialProps) {
  const t = useTranslations('account')
  const c = useTranslations('common')
  const reason = useKitReason()
  const toast = useToast()
  const [text, setText] = useState('')
  const [problem, setProblem] = useState('')
  const [send, busy] = useBusy(async () => {
    setProblem('')
    const answer = await tryKit(text).catch(() => ({ ok: false, code: 'INTERNAL' }) as const)
    if (!answer.ok) return setProblem(await reason(answer.code === 'NOT_FOUND' ? 'KIT_UNKNOWN' : answer.code, text))
    setText('')
    toast(t('kit.tried'), 'success')
    onClose()
    await onChange()
  })
  return (
    <Dialog
      title={t('kit.try')}
      description={t('kit.tryLead')}
      closeLabel={c('close')}
      open={open}
      finalFocus={finalFocus}
      onOpenChange={(next) => {
        if (!next) onClose()
      }}
      footer={
        <Button variant="primary" busy={busy} onClick={() => void send()}>
          {t('kit.try')}
        </Button>
      }
    >
      <KitFields text={text} onText={setText} error={problem || undefined} />
    </Dialog>
  )
}
