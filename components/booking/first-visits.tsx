import type { ReactNode } from 'react'
import { LinkButton } from '@/components/ui/button'

/** Services to choose instead of this one. */
export const FirstVisits = ({
  services,
  href,
}: {
  services: readonly { id: string; name: string }[]
  href: (id: string) => string
}) =>
  services.length ? (
    <ul className="flex flex-wrap gap-2.5">
      {services.map(({ id, name }) => (
        <li key={id}>
          <LinkButton href={href(id)}>{name}</LinkButton>
        </li>
      ))}
    </ul>
  ) : null

export const Phone = ({ number, children }: { number: string; children: ReactNode }) => (
  <p>
    <a
      className="figures inline-block py-1 font-semibold underline underline-offset-3"
      href={`tel:${number.replace(/[^+\d]/g, '')}`}
    >
      {children}
    </a>
  </p>
)
