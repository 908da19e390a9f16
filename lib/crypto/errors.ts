/** Why bytes were refused. Everything in lib/crypto that refuses throws a CryptoError; anything else thrown is a bug. */
export type CryptoCode =
  | 'BAD_ENVELOPE' // bytes that are not what the format says, or not the record they are filed as
  | 'UNSUPPORTED' // a version, suite, kind or type this code does not know
  | 'BAD_SIGNATURE'
  | 'BAD_COMMITMENT'
  | 'NOT_FOR_YOU' // no grant for the keys at hand, or the grant does not open
  | 'NO_KEY'
  | 'NOT_VOUCHED' // a key the clinic's chain does not stand behind
  | 'CHAIN_INVALID'
  | 'CHAIN_FORKED'
  | 'CHAIN_SHORTER'
  | 'BAD_INVITATION'
  | 'WRONG_PASSWORD'

export class CryptoError extends Error {
  readonly code: CryptoCode

  constructor(code: CryptoCode, detail: string) {
    super(`${code}: ${detail}`)
    this.name = 'CryptoError'
    this.code = code
  }
}
