// The hosted payment page: no script, readable on a phone, in the session's language.
import type { Session } from './state.ts'

const words = {
  en: {
    pay: 'Pay',
    test: 'Test mode: no money moves.',
    declineButton: 'Pay with a card that is declined',
    declined: 'Your card was declined. Try another one.',
    back: 'Back',
    paid: 'This payment is complete.',
    expired: 'This payment page has expired. Go back and start again.',
    unknown: 'There is no such payment page.',
  },
  fr: {
    pay: 'Payer',
    test: 'Mode test : aucun argent ne circule.',
    declineButton: 'Payer avec une carte refusée',
    declined: 'Votre carte a été refusée. Essayez-en une autre.',
    back: 'Retour',
    paid: 'Ce paiement est effectué.',
    expired: 'Cette page de paiement a expiré. Revenez en arrière et recommencez.',
    unknown: 'Cette page de paiement n’existe pas.',
  },
}

const escape = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

const style = `
  :root { color-scheme: light dark; --ink: light-dark(#1c2733, #e8edf2); --soft: light-dark(#51606f, #a9b6c3);
    --ground: light-dark(#f4f6f8, #12171c); --card: light-dark(#fff, #1b222a); --line: light-dark(#cfd7df, #33404d) }
  * { box-sizing: border-box } body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
  main { max-width: 26rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
  .card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem }
  h1 { font-size: 1.1rem; font-weight: 600; margin: 0 } .sum { font-size: 2rem; font-weight: 700; margin: .25rem 0 1rem }
  dl { display: flex; justify-content: space-between; margin: 0; padding: .75rem 0; border-top: 1px solid var(--line) } dd { margin: 0 }
  p { margin: 0 0 1rem } .soft { color: var(--soft); font-size: .9rem }
  .fault { border: 2px solid light-dark(#a3212b, #ff9a9f); border-radius: .5rem; padding: .75rem; font-weight: 600 }
  button, .back { display: flex; align-items: center; justify-content: center; width: 100%; min-height: 3rem; margin-top: .75rem;
    border-radius: .5rem; font: inherit; font-weight: 600; cursor: pointer; text-decoration: none }
  .pay { background: #4338a8; color: #fff; border: 0 } .other { background: none; color: var(--ink); border: 1px solid var(--line) }
  .back { color: var(--ink) } :focus-visible { outline: 3px solid light-dark(#4338a8, #b7b0ff); outline-offset: 2px }`

function frame(locale: string, title: string, inner: string): string {
  return `<!doctype html><html lang="${locale}"><head><meta charset="utf-8"><title>${escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head><body><main>${inner}</main></body></html>`
}

const money = (minor: number, currency: string, locale: string) => {
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency: currency.toUpperCase() })
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}

export function payPage(
  session: Session | null,
  lines: readonly { name: string; amount: number; quantity: number }[],
  { declined = false } = {},
): string {
  const locale = session?.locale?.startsWith('fr') ? 'fr' : 'en'
  const say = words[locale]
  if (!session) return frame(locale, 'Stripe', `<div class="card"><h1>${say.unknown}</h1></div>`)
  const back = session.cancel_url ? `<a class="back" href="${escape(session.cancel_url)}">${say.back}</a>` : ''
  const over = { complete: say.paid, expired: say.expired, open: null }[session.status]
  if (over) return frame(locale, 'Stripe', `<div class="card"><h1>${over}</h1>${back}</div>`)
  const sum = money(session.amount_total, session.currency, locale)
  const rows = lines.map(
    (line) =>
      `<dl><dt>${escape(line.name)}</dt><dd>${money(line.amount * line.quantity, session.currency, locale)}</dd></dl>`,
  )
  return frame(
    locale,
    `${say.pay} ${sum}`,
    `<p class="soft">${say.test}</p>
<div class="card">
  <h1>${escape(lines[0]!.name)}</h1><div class="sum">${sum}</div>${rows.join('')}
  ${declined ? `<p class="fault" role="alert">${say.declined}</p>` : ''}
  <form method="post" action="/c/pay/${session.id}/pay"><button class="pay">${say.pay} ${sum}</button></form>
  <form method="post" action="/c/pay/${session.id}/decline"><button class="other">${say.declineButton}</button></form>
</div>${back}`,
  )
}
