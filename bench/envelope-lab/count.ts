/** Counts every call to WebCrypto in this worker, and tells when asked. */
const counts: Record<string, number> = {}
for (const name of [
  'digest',
  'sign',
  'verify',
  'encrypt',
  'decrypt',
  'importKey',
  'exportKey',
  'deriveBits',
  'generateKey',
] as const) {
  const real = crypto.subtle[name].bind(crypto.subtle) as (...parameters: unknown[]) => Promise<unknown>
  Object.defineProperty(crypto.subtle, name, {
    value: (...parameters: unknown[]) => {
      counts[name] = (counts[name] ?? 0) + 1
      return real(...parameters)
    },
  })
}
new BroadcastChannel('counts').onmessage = ({ data }) => {
  if (data !== 'tell') return
  new BroadcastChannel('told').postMessage({ ...counts })
  for (const name of Object.keys(counts)) delete counts[name]
}

export {}
