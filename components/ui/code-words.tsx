import type { ReactNode } from 'react'

/** A short code that two people read to each other. Large, apart, and spoken one part at a time. */
export const CodeWords = ({ label, parts, hint }: { label: string; parts: string[]; hint?: ReactNode }) => (
  <div className="folds rounded-card p-2">
    <div className="rounded-[0.75rem] bg-surface px-4 py-4 text-center">
      <p className="text-sm text-soft">{label}</p>
      <ul aria-label={label} className="mt-1 flex flex-wrap justify-center gap-x-5 gap-y-1">
        {parts.map((part, index) => (
          <li key={index} className="figures font-display text-2xl tracking-wide select-all">
            {part}
          </li>
        ))}
      </ul>
      {hint ? <div className="mt-2 text-sm text-soft">{hint}</div> : null}
    </div>
  </div>
)
