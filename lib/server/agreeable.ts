import 'server-only'
import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'

const probe = generateKeyPairSync('x25519').privateKey

/**
 * Whether something can be sealed to this X25519 key: not one of small order, with which every agreement is zero. Browsers
 * refuse a chain that names one, and can write nothing that a patient with one is to read.
 */
export function isAgreeable(key: string): boolean {
  try {
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: key }, format: 'jwk' })
    return diffieHellman({ privateKey: probe, publicKey }).length === 32
  } catch {
    return false
  }
}
