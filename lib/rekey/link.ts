import 'server-only'
import { hkdfSync, randomUUID } from 'node:crypto'
import { EncryptJWT, jwtDecrypt } from 'jose'
import { env } from '@/lib/server/env'
import { linkMinutes } from './rules'

const key = () => new Uint8Array(hkdfSync('sha256', env().NEXTAUTH_SECRET, '', 'curtain/v1/rekey-link', 32))

export interface Link {
  clinicId: string
  memberId: string
  jti: string
  expiresAt: Date
}

/** Whoever reads the member's mail may ask: nothing is written before, and a stranger who knows an address asks nothing. */
export async function sealLink(
  { clinicId, memberId }: Pick<Link, 'clinicId' | 'memberId'>,
  now: Date,
): Promise<string> {
  return new EncryptJWT({ clinic: clinicId, member: memberId })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setJti(randomUUID())
    .setExpirationTime(Math.floor(now.getTime() / 1000) + linkMinutes * 60)
    .encrypt(key())
}

export async function openLink(token: string, now: Date): Promise<Link | null> {
  const opened = await jwtDecrypt(token, key(), { currentDate: now }).catch(() => null)
  const { clinic, member, jti, exp } = (opened?.payload ?? {}) as Record<string, string> & { exp?: number }
  if (!clinic || !member || !jti || !exp) return null
  return { clinicId: clinic, memberId: member, jti, expiresAt: new Date(exp * 1000) }
}
