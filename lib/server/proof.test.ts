import { expect, it } from 'vitest'
// Tests may look at both sides of the wall: the browser signs, the server verifies the same bytes.
import { signedBytes } from '../crypto/sign.ts'
import { proofBytes, verifyProof } from './proof.ts'

const b64 = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(bytes as ArrayBuffer).toString('base64url')

it('verifies what a browser signed, for its purpose and fields only', async () => {
  const fields = ['http://localhost:3000', 'nonce', 7, new Uint8Array([1, 2, 3])]
  expect(proofBytes('patient-session', fields)).toEqual(new Uint8Array(signedBytes('patient-session', fields)))
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair
  const key = b64(await crypto.subtle.exportKey('raw', pair.publicKey))
  const signature = b64(
    await crypto.subtle.sign('Ed25519', pair.privateKey, signedBytes('patient-session', fields) as BufferSource),
  )
  expect(await verifyProof(key, 'patient-session', fields, signature)).toBe(true)
  expect(await verifyProof(key, 'knock', fields, signature)).toBe(false)
  expect(await verifyProof(key, 'patient-session', ['http://evil.example', ...fields.slice(1)], signature)).toBe(false)
  // Another first character is another signature; at its end there are bits that say nothing, and bits that are mostly nought.
  const other = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
  expect(await verifyProof(key, 'patient-session', fields, other)).toBe(false)
  expect(await verifyProof('nonsense', 'patient-session', fields, signature)).toBe(false)
})
