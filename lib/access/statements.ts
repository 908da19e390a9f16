import 'server-only'
import { createHash } from 'node:crypto'
import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import type { ChainStatement } from '@/lib/crypto/types'

type Chained = ChainStatement & { previous: string; hash: string }

/**
 * The server's own look at statements on their way into the chain: each continues the one before, names this clinic and its
 * place, and carries its signer. Whether it may be believed is for browsers to check, who also verify the signatures.
 * Null for anything else.
 */
export function checkSuccessors(
  statements: ChainStatement[],
  clinicId: string,
  head: { length: number; hash: string },
): Chained[] | null {
  const chained: Chained[] = []
  let { length, hash } = head
  for (const statement of statements) {
    const fields = readBody(statement.body)
    if (!fields) return null
    const [, clinic, seq, previous, signer] = fields
    if (clinic !== clinicId || seq !== length || statement.seq !== length) return null
    if (toB64(previous) !== hash || toB64(signer) !== statement.signer) return null
    const next = hashStatement(statement.body)
    chained.push({ ...statement, previous: hash, hash: next })
    hash = next
    length += 1
  }
  return chained
}

/** As lib/crypto/chain hashes it: SHA-256 of the label and the body. */
const hashStatement = (body: string) =>
  createHash('sha256').update('curtain/v1/chain').update(Buffer.from(body, 'base64url')).digest('base64url')

function readBody(body: string): unknown[] | null {
  try {
    const bytes = Buffer.from(body, 'base64url')
    const value: unknown = decode(bytes, { strict: true, allowIndefinite: false })
    if (!Array.isArray(value) || value.length < 6) return null
    return Buffer.from(encode(value, rfc8949EncodeOptions)).equals(bytes) ? value : null
  } catch {
    return null
  }
}

const toB64 = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : '')
