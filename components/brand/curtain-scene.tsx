/**
 * The promise as a picture: a curtain drawn most of the way, lamplight and two people behind it, a machine in front.
 * Colours are tokens, so it has its own night.
 */
export const CurtainScene = ({ label, className }: { label: string; className?: string }) => (
  <svg viewBox="0 0 520 460" role="img" aria-label={label} className={className}>
    <defs>
      <linearGradient id="fold" x1="0" x2="1" y1="0" y2="0">
        <stop offset="0" stopColor="var(--cloth-3)" />
        <stop offset=".22" stopColor="var(--cloth-2)" />
        <stop offset=".5" stopColor="var(--cloth-1)" />
        <stop offset=".8" stopColor="var(--cloth-2)" />
        <stop offset="1" stopColor="var(--cloth-3)" />
      </linearGradient>
      <linearGradient id="hem" x1="0" x2="0" y1="0" y2="1">
        <stop offset="0" stopColor="var(--ink)" stopOpacity=".12" />
        <stop offset=".12" stopColor="var(--ink)" stopOpacity="0" />
        <stop offset=".8" stopColor="var(--ink)" stopOpacity="0" />
        <stop offset="1" stopColor="var(--ink)" stopOpacity=".16" />
      </linearGradient>
      <radialGradient id="lamp" cx=".5" cy=".34" r=".75">
        <stop offset="0" stopColor="var(--warning-wash)" />
        <stop offset=".6" stopColor="var(--warning-wash)" stopOpacity=".55" />
        <stop offset="1" stopColor="var(--warning-wash)" stopOpacity="0" />
      </radialGradient>
      <clipPath id="room">
        <path d="M40 66h440v298a24 24 0 0 1-24 24H40Z" />
      </clipPath>
    </defs>

    {/* The room behind, and its light. */}
    <path d="M40 66h440v298a24 24 0 0 1-24 24H40Z" fill="var(--surface)" />
    <g clipPath="url(#room)">
      <ellipse cx="398" cy="190" rx="210" ry="210" fill="url(#lamp)" />
      <path d="M40 356h440v32H40z" fill="var(--sunken)" />
      {/* Lamp */}
      <path d="M452 66v60" stroke="var(--edge)" strokeWidth="2" />
      <path d="M430 150c0-14 10-24 22-24s22 10 22 24Z" fill="var(--accent)" />
      <circle cx="452" cy="152" r="6" fill="var(--warning-wash)" stroke="var(--warning)" strokeWidth="1.5" />
      {/* The patient, and the practitioner half seen through the cloth's edge. */}
      <g fill="var(--accent)">
        <circle cx="432" cy="228" r="23" />
        <path d="M391 356v-46c0-28 17-48 41-48s41 20 41 48v46Z" />
      </g>
      <path d="M420 262c4 12 20 12 24 0l-12 16Z" fill="var(--surface)" />
      <g fill="var(--cloth-3)">
        <circle cx="336" cy="220" r="24" />
        <path d="M293 356v-52c0-29 18-50 43-50s43 21 43 50v52Z" />
      </g>
      <path d="M326 256c4 22 16 22 20 0" fill="none" stroke="var(--surface)" strokeWidth="3" strokeLinecap="round" />
      <circle cx="336" cy="282" r="5" fill="var(--surface)" />
    </g>

    {/* The cloth. */}
    <g>
      {[40, 78, 114, 152, 190, 226, 262, 298].map((x, index) => {
        const width = [38, 36, 38, 38, 36, 36, 36, 30][index]!
        const sway = [0, 2, -2, 1, 3, -1, 4, 8][index]!
        const foot = 392 + [0, 5, 1, 6, 2, 6, 1, 5][index]!
        return (
          <path
            key={x}
            d={`M${x} 70C${x + sway} 180 ${x - sway} 290 ${x + sway} ${foot}q${width / 2} 9 ${width} 0C${x + width - sway} 290 ${x + width + sway} 180 ${x + width} 70Z`}
            fill="url(#fold)"
          />
        )
      })}
      <path d="M40 70h288c4 110 0 220 8 327-98 8-200 6-296-1Z" fill="url(#hem)" />
    </g>

    {/* The rail and its rings. */}
    <path d="M22 62h476" stroke="var(--ink)" strokeWidth="7" strokeLinecap="round" />
    <g fill="none" stroke="var(--ink)" strokeWidth="3">
      {[58, 96, 133, 171, 208, 244, 280, 313].map((x) => (
        <circle key={x} cx={x} cy="66" r="7.5" />
      ))}
    </g>

    {/* What stands in front and sees cloth. */}
    <ellipse cx="150" cy="432" rx="86" ry="9" fill="var(--ink)" opacity=".12" />
    <g>
      <rect x="84" y="286" width="132" height="144" rx="12" fill="var(--ink)" />
      {[304, 346, 388].map((y, index) => (
        <g key={y}>
          <rect x="98" y={y} width="104" height="28" rx="6" fill="var(--ground)" opacity=".14" />
          <circle cx="113" cy={y + 14} r="4" fill={index === 1 ? 'var(--warning-wash)' : 'var(--cloth-2)'} />
          <path
            d={`M130 ${y + 14}h${[34, 52, 24][index]}`}
            stroke="var(--ground)"
            strokeWidth="4"
            strokeLinecap="round"
            opacity=".75"
          />
        </g>
      ))}
    </g>
    {/* An envelope that it keeps. */}
    <g transform="translate(222 372)">
      <rect width="74" height="54" rx="7" fill="var(--surface)" stroke="var(--ink)" strokeWidth="3" />
      <path d="m4 6 33 26L70 6" fill="none" stroke="var(--ink)" strokeWidth="3" strokeLinejoin="round" />
      <circle cx="37" cy="31" r="9" fill="var(--accent)" />
    </g>
  </svg>
)
