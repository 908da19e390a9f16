import { useTranslations } from 'next-intl'
import { Button } from '@/components/ui/button'
import { ShieldIcon, VideoIcon } from '@/components/ui/icons'
import { Badge } from '@/components/ui/status'
import type { Visitor } from '@/lib/browser/call-client'

/** One device at the door: what this browser knows of it by itself comes first, the server's word second. */
export function Door({
  device,
  byDesk,
  zone,
  busy,
  onAdmit,
  onTurnAway,
}: {
  device: Visitor
  /** The desk booked: no device did. */
  byDesk: boolean
  zone: string
  busy: boolean
  onAdmit: () => void
  onTurnAway: () => void
}) {
  const t = useTranslations('call.pane')
  const known = device.trust === 'vouched' || device.trust === 'first-use'
  const label =
    device.trust === 'vouched'
      ? t('vouched')
      : device.trust === 'first-use'
        ? t(byDesk ? 'firstOpened' : 'firstUse')
        : device.trust === 'false'
          ? t('false')
          : device.confirmed
            ? t('confirmed')
            : t('unknown')
  const tone = device.trust === 'false' ? 'danger' : known ? 'success' : device.confirmed ? 'info' : 'warning'
  return (
    <li data-call="visitor" data-trust={device.trust} className="rounded-card border border-line bg-sunken p-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <Badge tone={tone} icon={<ShieldIcon size={14} />}>
          {label}
        </Badge>
        <span className="text-sm text-soft">
          {device.here ? t('waitingSince', { date: new Date(device.since), timeZone: zone }) : t('away')}
        </span>
      </div>
      {!known && !device.confirmed && device.trust !== 'false' ? (
        <p className="mt-2 text-sm text-soft">{t('unknownText')}</p>
      ) : null}
      <div className="mt-3 flex flex-wrap gap-2.5">
        {device.trust === 'false' ? null : (
          <Button variant="primary" size="sm" icon={<VideoIcon />} busy={busy} onClick={onAdmit}>
            {busy ? t('admitting') : t('admit')}
          </Button>
        )}
        {known ? null : (
          <Button variant="quiet" size="sm" onClick={onTurnAway}>
            {t('turnAway')}
          </Button>
        )}
      </div>
    </li>
  )
}
