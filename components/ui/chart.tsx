import { cx } from './cx'

export interface ChartPoint {
  label: string
  value: number
  /** How it is written, where that is not the number itself. */
  shown?: string
  /** The one to look at: today. */
  marked?: boolean
}

const H = 200
const FLOOR = 168
const TOP = 26

/** A few values over time, drawn without script or style attributes; the same values are a table to who cannot see them. */
export function Chart({
  title,
  summary,
  labelHead,
  valueHead,
  points,
  kind = 'bar',
}: {
  title: string
  /** What the picture shows, in a sentence. */
  summary: string
  labelHead: string
  valueHead: string
  points: ChartPoint[]
  kind?: 'bar' | 'line'
}) {
  const top = Math.max(1, ...points.map((point) => point.value))
  // Few points need less room, and can be read on a phone.
  const W = points.length > 5 ? 640 : 420
  const step = W / Math.max(1, points.length)
  const at = points.map((point, index) => ({
    ...point,
    x: step * (index + 0.5),
    y: FLOOR - ((FLOOR - TOP) * point.value) / top,
  }))
  const bar = Math.min(44, step * 0.62)
  return (
    <figure>
      <figcaption className="mb-3">
        <span className="block font-semibold">{title}</span>
        <span className="text-sm text-soft">{summary}</span>
      </figcaption>
      <svg viewBox={`0 0 ${W} ${H}`} className="figures block h-auto w-full" aria-hidden focusable="false">
        <path d={`M0 ${FLOOR + 0.5}H${W}`} className="stroke-edge" />
        {kind === 'line' ? (
          <>
            <path
              d={`M${at.map(({ x, y }) => `${x} ${y}`).join('L')}V${FLOOR}H${at[0]?.x ?? 0}Z`}
              className="fill-wash"
            />
            <polyline
              points={at.map(({ x, y }) => `${x},${y}`).join(' ')}
              className="fill-none stroke-accent"
              strokeWidth="2.5"
              strokeLinejoin="round"
            />
          </>
        ) : null}
        {at.map(({ label, value, shown = value, marked, x, y }) => (
          <g key={label}>
            {kind === 'bar' ? (
              <path
                d={`M${x - bar / 2} ${FLOOR}V${Math.min(FLOOR, y + 4)}Q${x - bar / 2} ${y} ${x - bar / 2 + 4} ${y}H${x + bar / 2 - 4}Q${x + bar / 2} ${y} ${x + bar / 2} ${Math.min(FLOOR, y + 4)}V${FLOOR}Z`}
                className={marked ? 'fill-accent' : 'fill-cloth-3'}
              />
            ) : (
              <circle cx={x} cy={y} r={marked ? 6 : 4} className="fill-accent stroke-surface" strokeWidth="2" />
            )}
            <text x={x} y={y - 8} textAnchor="middle" className="fill-ink text-sm font-semibold">
              {shown}
            </text>
            <text
              x={x}
              y={FLOOR + 22}
              textAnchor="middle"
              className={cx('text-sm', marked ? 'fill-ink font-semibold' : 'fill-soft')}
            >
              {label}
            </text>
          </g>
        ))}
      </svg>
      <table className="sr-only">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{labelHead}</th>
            <th scope="col">{valueHead}</th>
          </tr>
        </thead>
        <tbody>
          {points.map(({ label, value, shown = value }) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td>{shown}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
}
