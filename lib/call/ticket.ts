import 'server-only'
import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, jwtVerify, SignJWT } from 'jose'
import { env } from '@/lib/server/env'
import { ticketKey } from '@/lib/server/kms'
import type { Role, Window } from './rules.ts'

const TICKET = 'curtain-call'
const DOOR = 'curtain-call-door'

/** What a link is exchanged for: this appointment, this device's key, once, within the window. */
export interface Ticket {
  appointmentId: string
  thumbprint: string
  /** Under which id the device would be filed. */
  keyId: string
  jti: string
}

export async function makeTicket(
  appointmentId: string,
  device: { keyId: string; keys: { sign: string } },
  { opensAt, closesAt }: Window,
): Promise<string> {
  const { kid, privateKey } = await ticketKey()
  return new SignJWT({ apt: appointmentId, dev: device.keyId, cnf: { jkt: await thumbprintOf(device.keys.sign) } })
    .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'JWT' })
    .setIssuer(env().APP_ORIGIN)
    .setAudience(TICKET)
    .setJti(randomUUID())
    .setIssuedAt()
    .setNotBefore(opensAt)
    .setExpirationTime(closesAt)
    .sign(privateKey)
}

/** Null for a ticket that is none, of another audience or issuer, or outside its time. */
export async function readTicket(text: string, now: Date): Promise<Ticket | null> {
  const claims = await verified(text, TICKET, now)
  const { apt, dev, cnf, jti } = (claims ?? {}) as Record<string, unknown> & { cnf?: { jkt?: unknown } }
  if (typeof apt !== 'string' || typeof dev !== 'string' || typeof jti !== 'string') return null
  return typeof cnf?.jkt === 'string' ? { appointmentId: apt, keyId: dev, thumbprint: cnf.jkt, jti } : null
}

/** RFC 7638, so that a ticket names its device's key without carrying it. */
export const thumbprintOf = (signKey: string): Promise<string> =>
  calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x: signKey })

export const hashTicket = (text: string): string => createHash('sha256').update(text).digest('base64url')

/** Who may listen and speak at one call: what a proven knock, or a signed-in practitioner, is given. */
export interface Door {
  clinicId: string
  callId: string
  participantId: string
  role: Role
  /** A practitioner's session: revoked, the door is shut. */
  sessionId: string | null
}

export async function makeDoorToken(door: Door, until: Date): Promise<string> {
  const { kid, privateKey } = await ticketKey()
  const { clinicId, callId, participantId, role, sessionId } = door
  return new SignJWT({ cln: clinicId, cll: callId, role, sid: sessionId })
    .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'JWT' })
    .setIssuer(env().APP_ORIGIN)
    .setAudience(DOOR)
    .setSubject(participantId)
    .setExpirationTime(until)
    .sign(privateKey)
}

export async function readDoorToken(text: string, now: Date): Promise<Door | null> {
  const claims = await verified(text, DOOR, now)
  const { cln, cll, role, sid, sub } = (claims ?? {}) as Record<string, unknown>
  if (typeof cln !== 'string' || typeof cll !== 'string' || typeof sub !== 'string') return null
  if (role !== 'patient' && role !== 'practitioner') return null
  return { clinicId: cln, callId: cll, participantId: sub, role, sessionId: typeof sid === 'string' ? sid : null }
}

async function verified(text: string, audience: string, now: Date) {
  try {
    const { publicKey } = await ticketKey()
    const options = { audience, issuer: env().APP_ORIGIN, algorithms: ['EdDSA'], currentDate: now }
    return (await jwtVerify(text, publicKey, options)).payload
  } catch {
    return null
  }
}
