// Accounts with restricted keys of their own, and the addresses that they have their events sent to.
import { params, StripeError, type Tree } from './params.ts'
import { clock, find, freshId, keep, listOf, type State } from './state.ts'

type Fields = Record<string, unknown>

/** What `GET /v1/account` answers. */
export function accountOf(state: State, account: string): Fields {
  const key = Object.values(state.keys ?? {}).find((each) => each.account === account)
  return {
    id: account || 'acct_platform',
    object: 'account',
    business_profile: { name: account ? `Practice of ${account}` : 'Platform' },
    charges_enabled: key?.charges ?? true,
    country: 'FR',
    default_currency: 'eur',
    settings: { dashboard: { display_name: account } },
  }
}

const longestHook = 16
export function createEndpoint(state: State, account: string, form: Tree): Fields {
  const { url, enabled_events, metadata, api_version } = params.endpoint(form, '')
  if (listOf(state, account, 'webhook_endpoint').length >= longestHook)
    throw new StripeError(400, `You have reached the maximum of ${longestHook} test webhook endpoints.`)
  const made = { url, enabled_events, metadata: metadata ?? {}, api_version: api_version ?? null, status: 'enabled' }
  const facts = { created: clock(state), livemode: false, description: null, application: null }
  const secret = freshId('whsec', 32)
  return keep(state, account, { id: freshId('we'), object: 'webhook_endpoint', ...made, ...facts, secret })
}

/** As at Stripe, its secret is told once. */
export const withoutSecret = ({ secret: _, ...rest }: Fields): Fields => rest

export function deleteEndpoint(state: State, account: string, id: string): Fields {
  find(state, account, 'webhook_endpoint', id)
  delete state.kept[id]
  for (const event of state.events) if (event.endpoint === id) event.delivered = true
  return { id, object: 'webhook_endpoint', deleted: true }
}
