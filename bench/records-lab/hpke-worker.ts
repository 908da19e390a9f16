/** The peer of bench/regrant.ts: HPKE open and seal of a key, by the same library as the vault, and nothing else. */
import { random } from '../../lib/crypto/bytes.ts'
import { hpkeOpen, hpkeSeal } from '../../lib/crypto/hpke.ts'
import { importSecret } from '../../lib/crypto/keys.ts'

const [old, next] = await Promise.all([importSecret('X25519', random(32)), importSecret('X25519', random(32))])
const [info, aad] = [random(56), random(64)]

async function run({ count, atOnce }: { count: number; atOnce: number }) {
  const boxes = []
  for (let at = 0; at < count; at += 100)
    boxes.push(...(await Promise.all(Array.from({ length: 100 }, () => hpkeSeal(old.public, info, aad, random(32))))))
  const begun = performance.now()
  for (let at = 0; at < count; at += atOnce) {
    await Promise.all(
      boxes.slice(at, at + atOnce).map(async (box) => {
        await hpkeSeal(next.public, info, aad, await hpkeOpen(old.pair, info, aad, box))
      }),
    )
  }
  return performance.now() - begun
}
self.onmessage = async ({ data }) => self.postMessage(await run(data as { count: number; atOnce: number }))
self.postMessage('ready')
