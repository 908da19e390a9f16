import { z } from 'zod'

const pattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * An id as browsers make it and the database spells it: a UUID of RFC 9562 in small letters. One spelling each, since limits count by
 * it, signatures and sealed fields bind to it, and a group of the chain is named after it.
 */
export const Id = z.stringFormat('uuid', pattern)

export const isId = (text: string): boolean => pattern.test(text)

/** Bytes as they travel: base64url of RFC 4648 without padding, of at most so many letters. */
export const Base64Url = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[A-Za-z0-9_-]+$/)
