import type { ComponentProps } from 'react'

export interface IconProps extends Omit<ComponentProps<'svg'>, 'children'> {
  /** Pixels a side; 20 beside text. */
  size?: number
  /** A name for an icon that stands alone. Without one it is decoration and hidden from assistive technology. */
  title?: string
}
export type IconType = (props: IconProps) => React.ReactNode

/** Drawn on 24 × 24 with one round stroke. Named exports, so that a page carries only the ones it shows. */
const icon = (path: string): IconType =>
  function Icon({ size = 20, title, className, ...rest }) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.75}
        strokeLinecap="round"
        strokeLinejoin="round"
        role={title ? 'img' : undefined}
        aria-label={title}
        aria-hidden={title ? undefined : true}
        focusable="false"
        className={className ? `shrink-0 ${className}` : 'shrink-0'}
        {...rest}
      >
        <path d={path} />
      </svg>
    )
  }

export const CalendarIcon = /*#__PURE__*/ icon(
  'M7 3v3m10-3v3M4.5 9.5h15M6 5h12a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2Z',
)
export const ColumnsIcon = /*#__PURE__*/ icon(
  'M6 4.5h12a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-11a2 2 0 0 1 2-2Zm3.3 0v15m5.4-15v15M4 9h5.3m5.4 5H20',
)
export const ClockIcon = /*#__PURE__*/ icon('M12 7.5V12l3 2m6-2a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z')
export const HourglassIcon = /*#__PURE__*/ icon(
  'M7 3.5h10M7 20.5h10M8 3.5v3c0 2 4 3.6 4 5.5s-4 3.5-4 5.5v3m8-17v3c0 2-4 3.6-4 5.5s4 3.5 4 5.5v3',
)
export const VideoIcon = /*#__PURE__*/ icon(
  'M5 6.5h8a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2Zm10 4 6-3.5v10L15 13.5',
)
export const VideoOffIcon = /*#__PURE__*/ icon(
  'm4 4 16 16M9.5 6.5H13a2 2 0 0 1 2 2v3l6-4.5v10l-3-2M15 15.5a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2h.5',
)
export const MicIcon = /*#__PURE__*/ icon(
  'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3ZM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21',
)
export const MicOffIcon = /*#__PURE__*/ icon(
  'm4 4 16 16M15 9.5V6a3 3 0 0 0-5.8-1.1M9 9v2a3 3 0 0 0 4.2 2.75M5.5 11a6.5 6.5 0 0 0 10 5.5m2.3-2.5c.45-.9.7-1.9.7-3M12 17.5V21',
)
export const HangUpIcon = /*#__PURE__*/ icon(
  'M3 14.5c0-2 4-4.5 9-4.5s9 2.5 9 4.5c0 1.5-.3 2.5-1.3 2.5l-3.2-.7a1.2 1.2 0 0 1-1-1.2v-1.8a12 12 0 0 0-7 0v1.8a1.2 1.2 0 0 1-1 1.2l-3.2.7C3.3 17 3 16 3 14.5Z',
)
export const SpeakerIcon = /*#__PURE__*/ icon(
  'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5H4Zm11.5-.5a4.5 4.5 0 0 1 0 6m2.5-8.5a8 8 0 0 1 0 11',
)
export const CameraFlipIcon = /*#__PURE__*/ icon(
  'M4 8h3l1.5-2.5h7L17 8h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1Zm5 4.5a3.2 3.2 0 0 1 5.8-.8m.2 1.8a3.2 3.2 0 0 1-5.8.8M15 9.8v2h-2m-4 4.4v-2h2',
)
export const ExpandIcon = /*#__PURE__*/ icon('M9 4H4v5m11-5h5v5M9 20H4v-5m11 5h5v-5')
export const UserIcon = /*#__PURE__*/ icon(
  'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7.5 8.5c.4-3.8 3.4-6 7.5-6s7.1 2.2 7.5 6',
)
export const UsersIcon = /*#__PURE__*/ icon(
  'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 19.5c.3-3.3 2.9-5.3 6.5-5.3s6.2 2 6.5 5.3M15.5 4.8a3.5 3.5 0 0 1 0 6.4m2.5 3.5c2 .7 3.3 2.4 3.5 4.8',
)
export const CheckIcon = /*#__PURE__*/ icon('m5 12.5 4.5 4.5L19 7.5')
export const CheckCircleIcon = /*#__PURE__*/ icon('m8.5 12.3 2.5 2.5 4.7-5M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z')
export const CrossIcon = /*#__PURE__*/ icon('m6 6 12 12M18 6 6 18')
export const CrossCircleIcon = /*#__PURE__*/ icon('m9 9 6 6m0-6-6 6m12-3a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z')
export const WarningIcon = /*#__PURE__*/ icon(
  'M12 9.5v4m0 3v.01M10.6 4.3 3 17.7A1.6 1.6 0 0 0 4.4 20h15.2a1.6 1.6 0 0 0 1.4-2.3L13.4 4.3a1.6 1.6 0 0 0-2.8 0Z',
)
export const InfoIcon = /*#__PURE__*/ icon('M12 11v5m0-8.2v.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z')
export const ShieldIcon = /*#__PURE__*/ icon(
  'M12 3.5 5 6v5.5c0 4.2 2.8 7.3 7 9 4.2-1.7 7-4.8 7-9V6l-7-2.5Zm-3 8.5 2.2 2.2L15.2 10',
)
export const LockIcon = /*#__PURE__*/ icon(
  'M7.5 10.5V8a4.5 4.5 0 0 1 9 0v2.5M7 10.5h10a1.5 1.5 0 0 1 1.5 1.5v6.5A1.5 1.5 0 0 1 17 20H7a1.5 1.5 0 0 1-1.5-1.5V12A1.5 1.5 0 0 1 7 10.5Zm5 3.5v2.5',
)
export const EyeIcon = /*#__PURE__*/ icon(
  'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Zm9.5 3a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
)
export const EyeOffIcon = /*#__PURE__*/ icon(
  'm4 4 16 16M9.9 9.9a3 3 0 0 0 4.2 4.2M7 7.1C4.1 8.9 2.5 12 2.5 12S6 18.5 12 18.5c1.9 0 3.5-.6 4.9-1.5m2.4-2.2c1.5-1.5 2.2-2.8 2.2-2.8S18 5.5 12 5.5c-.7 0-1.3.1-1.9.2',
)
export const PenIcon = /*#__PURE__*/ icon(
  'm4 20 1-4.5L16.5 4a2 2 0 0 1 2.8 0l.7.7a2 2 0 0 1 0 2.8L8.5 19 4 20Zm10.5-14 3.5 3.5',
)
export const NoteIcon = /*#__PURE__*/ icon(
  'M7 3.5h7l5 5V19a1.5 1.5 0 0 1-1.5 1.5h-10.5A1.5 1.5 0 0 1 5.5 19V5A1.5 1.5 0 0 1 7 3.5Zm6.5.3V9H19M9 13h6m-6 3.5h4',
)
export const PillIcon = /*#__PURE__*/ icon(
  'M10.5 20a4.6 4.6 0 0 1-6.5-6.5L13.5 4a4.6 4.6 0 0 1 6.5 6.5L10.5 20ZM8.8 8.8l6.4 6.4',
)
export const RecallIcon = /*#__PURE__*/ icon('M4 12a8 8 0 1 1 2.6 5.9M4 7.5V12h4.5M12 8v4.3l2.8 1.7')
export const ArrowRightIcon = /*#__PURE__*/ icon('M5 12h14m-5.5-5.5L19 12l-5.5 5.5')
export const ArrowLeftIcon = /*#__PURE__*/ icon('M19 12H5m5.5-5.5L5 12l5.5 5.5')
export const ChevronDownIcon = /*#__PURE__*/ icon('m6 9.5 6 6 6-6')
export const ChevronUpIcon = /*#__PURE__*/ icon('m6 14.5 6-6 6 6')
export const ChevronLeftIcon = /*#__PURE__*/ icon('m14.5 6-6 6 6 6')
export const ChevronRightIcon = /*#__PURE__*/ icon('m9.5 6 6 6-6 6')
export const MoreIcon = /*#__PURE__*/ icon(
  'M6.5 12a1 1 0 1 1-2 0 1 1 0 0 1 2 0Zm6.5 0a1 1 0 1 1-2 0 1 1 0 0 1 2 0Zm6.5 0a1 1 0 1 1-2 0 1 1 0 0 1 2 0Z',
)
export const PlusIcon = /*#__PURE__*/ icon('M12 5v14m-7-7h14')
export const MinusIcon = /*#__PURE__*/ icon('M5 12h14')
export const TrashIcon = /*#__PURE__*/ icon(
  'M4.5 7h15M10 3.5h4M6.5 7l.8 12a1.5 1.5 0 0 0 1.5 1.5h6.4a1.5 1.5 0 0 0 1.5-1.5l.8-12M10 11v5.5m4-5.5v5.5',
)
export const CopyIcon = /*#__PURE__*/ icon(
  'M9.5 8.5H18a1.5 1.5 0 0 1 1.5 1.5v8.5A1.5 1.5 0 0 1 18 20H9.5A1.5 1.5 0 0 1 8 18.5V10a1.5 1.5 0 0 1 1.5-1.5ZM8 15.5H6A1.5 1.5 0 0 1 4.5 14V5.5A1.5 1.5 0 0 1 6 4h8.5A1.5 1.5 0 0 1 16 5.5v3',
)
export const DownloadIcon = /*#__PURE__*/ icon('M12 4v11m-4.5-4 4.5 4.5 4.5-4.5M4.5 19.5h15')
export const LinkIcon = /*#__PURE__*/ icon(
  'M10 14a4 4 0 0 0 6 .4l2.8-2.8a4 4 0 0 0-5.6-5.7l-1.5 1.5M14 10a4 4 0 0 0-6-.4l-2.8 2.8a4 4 0 0 0 5.6 5.7l1.5-1.5',
)
export const MailIcon = /*#__PURE__*/ icon(
  'M4.5 5.5h15A1.5 1.5 0 0 1 21 7v10a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17V7a1.5 1.5 0 0 1 1.5-1.5Zm-1 1.5 8.5 6.5L20.5 7',
)
export const SettingsIcon = /*#__PURE__*/ icon(
  'M4 7.5h8m4 0h4M4 16.5h4m4 0h8M14 10a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Zm-4 9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z',
)
export const ClinicIcon = /*#__PURE__*/ icon(
  'M5 20.5V6A1.5 1.5 0 0 1 6.5 4.5h11A1.5 1.5 0 0 1 19 6v14.5m-16 0h18M12 7.5v5M9.5 10h5m-5 10.5V16h5v4.5',
)
export const PinIcon = /*#__PURE__*/ icon(
  'M12 21s7-6.1 7-11.5a7 7 0 1 0-14 0C5 14.9 12 21 12 21Zm0-9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z',
)
export const ListIcon = /*#__PURE__*/ icon('M9 6.5h11M9 12h11M9 17.5h11M4.5 6.5h.01M4.5 12h.01m-.01 5.5h.01')
export const CardIcon = /*#__PURE__*/ icon(
  'M4.5 5.5h15A1.5 1.5 0 0 1 21 7v10a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17V7a1.5 1.5 0 0 1 1.5-1.5ZM3 10h18M6.5 14.5H10',
)
export const CoinsIcon = /*#__PURE__*/ icon(
  'M15 8.5c0 1.9-2.7 3.5-6 3.5s-6-1.6-6-3.5S5.7 5 9 5s6 1.6 6 3.5Zm-12 0v4C3 14.4 5.7 16 9 16s6-1.6 6-3.5v-4m0 2.2c3.4 0 6 1.5 6 3.4s-2.7 3.4-6 3.4c-2.2 0-4.1-.6-5.2-1.6M21 14v2.6c0 1.9-2.7 3.4-6 3.4s-6-1.5-6-3.4v-.6',
)
export const QrIcon = /*#__PURE__*/ icon(
  'M4 4h6v6H4V4Zm10 0h6v6h-6V4ZM4 14h6v6H4v-6Zm10 0h2.5v2.5H14V14Zm6 0v2.5M20 20h-3.5m0-3.5V20M14 20v-.01',
)
export const RefreshIcon = /*#__PURE__*/ icon(
  'M20 12a8 8 0 0 1-14 5.3L4 15.5M4 12a8 8 0 0 1 14-5.3l2 1.8M20 4.5v4h-4m-12 11v-4h4',
)
export const SignOutIcon = /*#__PURE__*/ icon(
  'M14 4.5H6A1.5 1.5 0 0 0 4.5 6v12A1.5 1.5 0 0 0 6 19.5h8M10 12h10.5m-4-4 4 4-4 4',
)
export const PrintIcon = /*#__PURE__*/ icon(
  'M7 8.5v-5h10v5M7 17H5a1.5 1.5 0 0 1-1.5-1.5V10A1.5 1.5 0 0 1 5 8.5h14a1.5 1.5 0 0 1 1.5 1.5v5.5A1.5 1.5 0 0 1 19 17h-2M7 14h10v6.5H7V14Z',
)
