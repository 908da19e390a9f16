'use client'
import { useTranslations } from 'next-intl'
import { Forged } from '@/components/patient-access/forged'
import { ShieldIcon } from '@/components/ui/icons'
import { Banner } from '@/components/ui/status'
import type { Device } from '@/lib/browser/booking-device'

/** What the look at this device found, told before the form and not at the appointment. */
export function DeviceNotes({
  device,
  calls = true,
  refused,
}: {
  device?: Device
  /** Whether it is to make a call. */
  calls?: boolean
  refused?: 'old-browser' | 'forged' | 'failed'
}) {
  const t = useTranslations('booking.check')
  if (refused === 'forged') return <Forged byLink />
  if (refused)
    return (
      <Banner tone="danger" announce>
        {t(refused === 'old-browser' ? 'noCrypto' : 'failed')}
      </Banner>
    )
  if (!device) return null
  return (
    <div className="mt-4 flex flex-col gap-3">
      {device.otherLink ? (
        <Banner tone="warning" title={t('otherLinkTitle')} announce>
          {t('otherLink')}
        </Banner>
      ) : null}
      {calls && device.missing.length ? (
        <Banner tone="warning" title={t('noCallTitle')} announce>
          {t('noCall', { missing: device.missing.map((each) => t(each)).join(', ') })}
        </Banner>
      ) : null}
      {device.home === 'memory' ? (
        <Banner tone="warning" title={t('memoryTitle')} announce>
          {t('memory')}
        </Banner>
      ) : null}
      <p className="flex gap-2.5 text-sm text-soft">
        <ShieldIcon size={18} className="mt-0.5 shrink-0" />
        {t(device.trust === 'link' ? 'trustLink' : 'trustFirst')}
      </p>
    </div>
  )
}
