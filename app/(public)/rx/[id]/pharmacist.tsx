'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { PrescriptionSheet } from '@/components/prescription/sheet'
import { fingerprintWords } from '@/components/staff/fingerprint'
import { Button } from '@/components/ui/button'
import { PageHeader } from '@/components/ui/card'
import { CodeWords } from '@/components/ui/code-words'
import { PrintIcon, ShieldIcon, WarningIcon } from '@/components/ui/icons'
import { Banner, Skeleton } from '@/components/ui/status'
import type { Result } from '@/lib/errors'
import { vault } from '@/lib/browser/vault'
import { type PrescriptionStatus, type RxAnswer, SharedPrescription } from '@/lib/prescription/rules'
import { dateLocale } from '@/lib/time'

type Verdict =
  | { is: 'checking' }
  | {
      is: 'valid'
      prescription: SharedPrescription
      prescriber: string
      issuedAt: string
      rootFingerprint: string
      status: PrescriptionStatus
    }
  | { is: 'altered' | 'unknown-signer' | 'bad-link' | 'not-found' | 'offline' | 'unsupported' }

export function Pharmacist({ id }: { id: string }) {
  const t = useTranslations('prescription')
  const locale = useLocale()
  const [verdict, setVerdict] = useState<Verdict>({ is: 'checking' })
  useEffect(() => {
    void check(id).then(setVerdict)
  }, [id])

  if (verdict.is === 'checking') {
    return (
      <div role="status">
        <p className="mb-4 text-soft">{t('rx.checking')}</p>
        <Skeleton className="h-80 rounded-card" />
      </div>
    )
  }
  if (verdict.is !== 'valid') {
    const serious = verdict.is === 'altered' || verdict.is === 'unknown-signer'
    return (
      <>
        <PageHeader title={t('rx.title')} />
        <Banner tone={serious ? 'danger' : 'warning'} title={t(`rx.${verdict.is}`)} announce>
          {t(`rx.${verdict.is}Text`)}
        </Banner>
      </>
    )
  }
  const { prescription, prescriber, issuedAt, rootFingerprint, status } = verdict
  const lapsed = new Date(prescription.expiresAt) <= new Date()
  const when = (iso: string) => new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'long' }).format(new Date(iso))
  return (
    <article className="flex flex-col gap-6">
      <PageHeader
        title={t('rx.title')}
        actions={
          <Button icon={<PrintIcon />} onClick={() => print()} className="print:hidden">
            {t('rx.print')}
          </Button>
        }
      />
      {lapsed ? (
        <Banner tone="warning" title={t('rx.lapsed', { date: when(prescription.expiresAt) })}>
          {t('rx.lapsedText')}
        </Banner>
      ) : (
        <Signed
          root={rootFingerprint}
          clinic={prescription.clinic.name}
          text={t('rx.signedText', { prescriber, date: when(issuedAt) })}
        />
      )}
      {status === 'issued' || (status === 'expired' && lapsed) ? null : (
        <Banner tone="warning" title={t('rx.serverSays', { status: t(`status.${status}`) })}>
          {t('rx.serverSaysText')}
        </Banner>
      )}
      <PrescriptionSheet prescription={prescription} />
      <section className="rounded-card border border-line bg-surface p-5">
        <h2 className="mb-3 flex items-center gap-2 text-lg">
          <ShieldIcon /> {t('rx.howTitle')}
        </h2>
        <ul className="list-disc ps-6 text-soft">
          <li>{t('rx.how1')}</li>
          <li>{t('rx.how2')}</li>
          <li>{t('rx.how3')}</li>
        </ul>
        <p className="mt-4 flex gap-2 text-sm text-soft">
          <WarningIcon size={18} className="mt-0.5" /> {t('rx.serverWord', { status: t(`status.${status}`) })}
        </p>
      </section>
    </article>
  )
}

/**
 * Who signed is not proved by the signature alone: anybody opens a clinic under any name. Its fingerprint says which clinic it
 * is, and this browser remembers that its reader has compared it.
 */
function Signed({ root, clinic, text }: { root: string; clinic: string; text: string }) {
  const t = useTranslations('prescription')
  const mark = `curtain:compared:${root}`
  const [compared, setCompared] = useState(() => {
    try {
      return localStorage.getItem(mark) === '1'
    } catch {
      return false
    }
  })
  const keep = () => {
    setCompared(true)
    try {
      localStorage.setItem(mark, '1')
    } catch {
      // A browser that keeps nothing asks again.
    }
  }
  return (
    <>
      <Banner
        tone={compared ? 'success' : 'info'}
        title={t(compared ? 'rx.compared' : 'rx.signed', { clinic })}
        actions={
          compared ? null : (
            <Button size="sm" onClick={keep} className="print:hidden">
              {t('rx.compare')}
            </Button>
          )
        }
        announce
      >
        {text} {compared ? null : t('rx.whoText')}
      </Banner>
      <CodeWords label={t('rx.fingerprint')} parts={fingerprintWords(root)} hint={t('rx.fingerprintHint')} />
    </>
  )
}

/** The fragment decrypts and names the root; the chain inside proves the signer. Nothing the server says makes it valid. */
async function check(id: string): Promise<Verdict> {
  const fragment = new URLSearchParams(location.hash.slice(1))
  const [secret, rootFingerprint] = [fragment.get('k'), fragment.get('r')]
  if (!secret || !rootFingerprint) return { is: 'bad-link' }
  let answer: Result<RxAnswer>
  try {
    answer = (await (await fetch(`/api/rx/${encodeURIComponent(id)}`)).json()) as Result<RxAnswer>
  } catch {
    return { is: 'offline' }
  }
  if (!answer.ok) return { is: answer.code === 'NOT_FOUND' ? 'not-found' : 'offline' }
  const { share, status } = answer.value
  const opened = await vault()
    .openShare({ rxId: id, secret, share, rootFingerprint })
    .catch(() => ({ ok: false as const, code: 'BAD_ENVELOPE' as const }))
  if (!opened.ok) {
    if (opened.code === 'UNSUPPORTED') return { is: 'unsupported' }
    return {
      is: ['NOT_VOUCHED', 'CHAIN_FORKED', 'CHAIN_INVALID', 'CHAIN_SHORTER'].includes(opened.code)
        ? 'unknown-signer'
        : 'altered',
    }
  }
  const parsed = SharedPrescription.safeParse(opened.prescription)
  // Signed, but for another number or by another than it names: not what was prescribed here.
  if (!parsed.success || parsed.data.rxId !== id || parsed.data.prescriber.memberId !== opened.prescriber.memberId) {
    return { is: 'altered' }
  }
  const { prescriber, issuedAt } = opened
  return { is: 'valid', prescription: parsed.data, prescriber: prescriber.name, issuedAt, rootFingerprint, status }
}
