import type { VaultCode } from './vault-api.ts'

/** What the vault refuses with, on either side of the worker. Anything else thrown is a bug. */
export class VaultError extends Error {
  readonly code: VaultCode

  constructor(code: VaultCode, detail = '') {
    super(detail ? `${code}: ${detail}` : code)
    this.name = 'VaultError'
    this.code = code
  }
}

/** The code of a refusal, and null for a bug. */
export function refusalCode(error: unknown): VaultCode | null {
  const isRefusal = error instanceof Error && (error.name === 'CryptoError' || error.name === 'VaultError')
  return isRefusal ? (error as VaultError).code : null
}
