import 'server-only'
import type Stripe from 'stripe'
import { isId } from '../ids.ts'
import { openField } from '../server/kms.ts'
import { BadWebhook, readSigned, stripe, stripeWith } from '../server/stripe.ts'
import { inClinic, lookup } from '../server/tx.ts'
import * as store from './store.ts'

/** No key speaks for an account: it was taken away, or never given. What is owed through it waits. */
const noKey = () => Object.assign(new Error('no key for this account'), { code: 'NO_STRIPE' })

/**
 * Stripe as whoever took a payment speaks to it: this server's own account, one that is connected to that, or the clinic's own by its
 * key. Never another's: throws NO_STRIPE where there is no key.
 */
export async function stripeFor(clinicId: string, account: string | null): Promise<Stripe> {
  if (account !== null && isId(account)) return stripeWith(await keyOf(clinicId, account))
  const platform = stripe(account === 'platform' ? null : account)
  if (!platform) throw noKey()
  return platform
}

async function keyOf(clinicId: string, id: string): Promise<string> {
  const row = await inClinic(clinicId, (tx) => store.findMerchant(tx, id))
  if (!row?.keySealed) throw noKey()
  return openField(row.keySealed, `merchant.key|${clinicId}|${id}`)
}

/** Whose account an event came from. */
export interface Sender {
  clinicId: string
  id: string
}

/**
 * An event of a clinic's own account: signed with what Stripe gave us for this address alone, in this account's mode. Throws BadWebhook
 * otherwise, in one word: whether there is such an address is nobody's business.
 */
export async function readOwnEvent(
  id: string,
  body: string,
  signature: string | null,
): Promise<{ event: Stripe.Event; sender: Sender }> {
  const clinicId = isId(id) ? await lookup((tx) => store.lookupMerchant(tx, id)) : null
  const row = clinicId ? await inClinic(clinicId, (tx) => store.findMerchant(tx, id)) : null
  if (!clinicId || !row?.secretSealed) throw new BadWebhook('nobody')
  const secret = await openField(row.secretSealed, `merchant.secret|${clinicId}|${id}`)
  const event = readSigned(body, signature, secret)
  // Of accounts that are connected to the clinic's, it may hear at other addresses, never here.
  if (event.livemode !== row.live || event.account) throw new BadWebhook('of another account')
  return { event, sender: { clinicId, id } }
}
