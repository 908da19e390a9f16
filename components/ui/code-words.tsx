import type { ReactNode } from 'react'

/** A short code that two people read to each other. Large, apart, and spoken one part at a time. */
export const CodeWords = ({ label, parts, hint }: { label: string; parts: string[]; hint?: ReactNode }) => (
  <div className="folds rounded-card p-2">
    <div className="rounded-[0.75rem] bg-surface px-4 py-4 text-center">
      <p className="text-sm text-soft">{label}</p>
      <ul aria-label={label} className="mt-1 text-balance">
        {parts.map((part, index) => (
          <li key={index} className="figures inline-block px-2.5 py-0.5 font-display text-2xl tracking-wide select-all">
            {part}
          </li>
        ))}
      </ul>
      {hint ? <div className="mt-2 text-sm text-soft">{hint}</div> : null}
    </div>
  </div>
)
