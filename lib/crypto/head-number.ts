import { bigEndian64, type Bytes, concat, labelledHash } from './bytes.ts'

/**
 * Twenty digits for a chain's first `length` statements, of which `head` is the last one's hash. Two people who know the same list
 * read the same number to each other; who makes another list would hash 2⁶⁶ of them to meet it.
 */
export async function headNumber(length: number, head: Bytes): Promise<string> {
  const hash = await labelledHash('head-number', concat(bigEndian64(length), head))
  const first = new DataView(hash.buffer)
  const value = ((first.getBigUint64(0) << 64n) | first.getBigUint64(8)) % 10n ** 20n
  return value.toString().padStart(20, '0')
}
