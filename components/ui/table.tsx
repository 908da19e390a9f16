import type { ReactNode } from 'react'
import { cx } from './cx'

export interface Column {
  key: string
  label: string
  align?: 'end'
  /** The cell that names the row: a heading for screen readers, the title of a card on a phone. */
  heading?: boolean
  /** Its label is read aloud only: a column of buttons. */
  bare?: boolean
  /** Words rather than a value: on a phone they stand alone, on lines of their own. */
  prose?: boolean
}
export interface Row {
  id: string
  cells: Record<string, ReactNode>
}

/** A table on a desktop, a list of cards on a phone. The roles are written out because `display` takes them away. */
export const Table = ({
  caption,
  columns,
  rows,
  empty,
}: {
  caption: string
  columns: Column[]
  rows: Row[]
  empty?: ReactNode
}) =>
  rows.length === 0 && empty ? (
    <>{empty}</>
  ) : (
    <table role="table" className="w-full border-collapse text-start max-md:block">
      <caption className="sr-only">{caption}</caption>
      <thead role="rowgroup" className="max-md:sr-only">
        <tr role="row">
          {columns.map((column) => (
            <th
              key={column.key}
              role="columnheader"
              scope="col"
              className={cx(
                'border-b border-line px-4 py-3 text-sm font-semibold text-soft first:ps-0 last:pe-0',
                column.align === 'end' ? 'text-end' : 'text-start',
              )}
            >
              <span className={column.bare ? 'sr-only' : undefined}>{column.label}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup" className="max-md:flex max-md:flex-col max-md:gap-3">
        {rows.map((row) => (
          <tr
            key={row.id}
            role="row"
            className="border-line max-md:block max-md:rounded-card max-md:border max-md:bg-surface max-md:p-4 md:border-b md:last:border-b-0"
          >
            {columns.map((column) => {
              const Cell = column.heading ? 'th' : 'td'
              return (
                <Cell
                  key={column.key}
                  role={column.heading ? 'rowheader' : 'cell'}
                  scope={column.heading ? 'row' : undefined}
                  className={cx(
                    'text-start md:px-4 md:py-3.5 md:align-middle md:first:ps-0 md:last:pe-0',
                    column.heading
                      ? 'font-semibold max-md:block max-md:pb-1.5 max-md:text-lg'
                      : column.prose
                        ? 'max-md:block max-md:py-1'
                        : 'max-md:flex max-md:items-center max-md:justify-between max-md:gap-4 max-md:py-1',
                    column.align === 'end' && 'figures md:text-end',
                  )}
                >
                  {column.heading || column.bare || column.prose ? null : (
                    <span aria-hidden className="text-sm text-soft md:hidden">
                      {column.label}
                    </span>
                  )}
                  {row.cells[column.key]}
                </Cell>
              )
            })}
          </tr>
        ))}
      </tbody>
    </table>
  )

/** One figure that matters, and what it means. */
export const Stat = ({ label, value, hint }: { label: string; value: ReactNode; hint?: ReactNode }) => (
  <div className="rounded-card border border-line bg-surface p-5 shadow-low">
    <p className="text-sm text-soft">{label}</p>
    <p className="figures mt-1 font-display text-3xl">{value}</p>
    {hint ? <p className="mt-1 text-sm text-soft">{hint}</p> : null}
  </div>
)
