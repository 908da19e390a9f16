import { type Answer, call } from './api.ts'
import { vault } from './vault.ts'

/**
 * Seals, and sends. Somebody may have left the clinic since this page read its keys: then nothing was stored, the chain is read
 * again, and what was typed is sealed once more, for those who are there now.
 */
export async function sendSealed<S, T>(
  clinicId: string,
  seal: () => Promise<S>,
  send: (sealed: S) => Promise<Answer<T>>,
): Promise<Answer<T>> {
  const sent = await send(await seal())
  if (sent.ok || sent.code !== 'STALE_EPOCH') return sent
  const fresh = await call('access/chain', { clinicId })
  if (!fresh.ok) return fresh
  await vault().loadChain(fresh.value)
  return send(await seal())
}
