import 'server-only'
import { createHash } from 'node:crypto'
import { decode } from 'cborg'
import type { ChainStatement, Group, PublicKeys } from '@/lib/crypto/types'
import { isAgreeable } from '@/lib/server/agreeable'

interface Standee {
  keys: PublicKeys
  roles: string[]
  groups: string[]
  /** The statement that gave them these keys. */
  since: number
  /** In whose name they speak where two people are asked for: as lib/crypto/voices has it. */
  voice: string
  isFounder: boolean
}

/** What the stored chain says, as the server reads it. */
export interface Standing {
  length: number
  /** Hash of the last statement: what the next one names. */
  head: string
  root: string
  members: Map<string, Standee>
  /** The newest epoch of each group. Stale: somebody left the group since. */
  epochs: Map<string, { epoch: number; key: string; stale: boolean }>
  /** Every key there ever was: none serves twice. */
  used: Set<string>
  hashes: string[]
}

export function readStanding(statements: Pick<ChainStatement, 'body'>[]): Standing {
  const standing: Standing = {
    ...{ length: 0, head: '', root: '', hashes: [] },
    ...{ members: new Map(), epochs: new Map(), used: new Set() },
  }
  for (const { body } of statements) apply(standing, body)
  return standing
}

/** Takes one statement more, which was checked. */
export function apply(standing: Standing, body: string): void {
  const [, , , , signer, kind, ...fields] = decode(fromB64(body)) as unknown[]
  const { members, epochs } = standing
  const by = [...members.values()].find(({ keys }) => keys.sign === toB64(signer as Uint8Array)) ?? null
  const since = standing.length
  standing.length += 1
  standing.head = hashStatement(body)
  standing.hashes.push(standing.head)
  for (const field of fields) if (field instanceof Uint8Array) standing.used.add(toB64(field))
  if (kind === 'genesis') standing.root = toB64(fields[0] as Uint8Array)
  if (kind === 'member-added') {
    const [memberId, sign, dh, roles, groups] = fields as [string, Uint8Array, Uint8Array, string[], string[]]
    const voice = !by || by.isFounder ? memberId : by.voice
    members.set(memberId, { keys: { sign: toB64(sign), dh: toB64(dh) }, roles, groups, since, voice, isFounder: !by })
  }
  if (kind === 'member-changed') {
    const [memberId, roles, groups] = fields as [string, string[], string[]]
    const before = members.get(memberId)!
    const left = before.groups.filter((group) => !groups.includes(group))
    for (const [group, epoch] of epochs) if (isOf(left, group)) epoch.stale = true
    const isPromoted = roles.includes('admin') && !before.roles.includes('admin')
    const isOwn = isPromoted && (!by || by.isFounder || by.voice !== before.voice)
    members.set(memberId, { ...before, roles, groups, voice: isOwn ? memberId : before.voice })
  }
  if (kind === 'member-removed') {
    const { groups } = members.get(fields[0] as string)!
    for (const [group, epoch] of epochs) if (isOf(groups, group)) epoch.stale = true
    members.delete(fields[0] as string)
  }
  if (kind === 'member-rekeyed') {
    const [memberId, sign, dh] = fields as [string, Uint8Array, Uint8Array]
    const before = members.get(memberId)!
    for (const [group, epoch] of epochs) if (isOf(before.groups, group)) epoch.stale = true
    members.set(memberId, { ...before, keys: { sign: toB64(sign), dh: toB64(dh) }, since })
  }
  if (kind === 'epoch') {
    const [group, epoch, key] = fields as [string, number, Uint8Array]
    epochs.set(group, { epoch, key: toB64(key), stale: false })
  }
}

/** As browsers read a group's name: a statement that names none would shut the clinic for good. */
export const isGroup = (name: string): boolean =>
  founded.includes(name as Group) || /^(?:desk|clinical):[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name)

export const wholeOf = (group: string) => group.split(':')[0]!
export const isScoped = (group: string) => group.includes(':')
export const isOf = (groups: readonly string[], group: string) =>
  groups.includes(group) || groups.includes(wholeOf(group))
export const membersOf = (standing: Standing, group: string) =>
  [...standing.members.values()].filter((member) => member.groups.includes(group))

/** Whether this member lets people into these groups: an officer who is of them. Others sign what every browser refuses. */
export function maySign(standing: Standing, memberId: string, groups: readonly string[]): boolean {
  const member = standing.members.get(memberId)
  return Boolean(member?.roles.includes('admin') && groups.every((group) => isOf(member.groups, group)))
}

export const founded: Group[] = ['desk', 'clinical', 'officers']

/** Two keys of 32 bytes, in their one spelling, which nobody ever had. */
export const areFresh = (standing: Standing, { sign, dh }: PublicKeys): boolean =>
  sign !== dh &&
  [sign, dh].every((key) => fromB64(key).length === 32 && toB64(fromB64(key)) === key && !standing.used.has(key)) &&
  isAgreeable(dh)

/** Whether a clinic-wide group would have nobody left: browsers refuse such a statement. */
export function isLast(standing: Standing, memberId: string, kept: readonly string[]): boolean {
  const { groups } = standing.members.get(memberId)!
  return groups.some((group) => !isScoped(group) && !kept.includes(group) && membersOf(standing, group).length === 1)
}

/** Whether these two may renew this member's keys between them: mayRekey of lib/crypto/rekey, by the stored chain. */
export function mayRekey(standing: Standing, memberId: string, first: string, second: string): boolean {
  const [member, one, other] = [memberId, first, second].map((id) => standing.members.get(id))
  if (!member || !one || !other || new Set([memberId, first, second]).size !== 3) return false
  if (one.voice === other.voice) return false
  const isOfficer = ({ roles }: Standee) => roles.includes('admin')
  const cover = (...pair: Standee[]) => member.groups.every((group) => pair.some((each) => isOf(each.groups, group)))
  const officers = [...standing.members.values()].filter((each) => isOfficer(each) && each !== member)
  const two = officers.some((a) => officers.some((b) => a.voice !== b.voice && cover(a, b)))
  return (two ? isOfficer(one) && isOfficer(other) : isOfficer(one) || isOfficer(other)) && cover(one, other)
}

/** Whether anybody could finish what this member begins as first of the two. */
export function mayApprove(standing: Standing, memberId: string, first: string): boolean {
  return [...standing.members.keys()].some((second) => mayRekey(standing, memberId, first, second))
}

/** Who of the clinic could give this member new keys: nobody, where only a kit helps. */
export const hasColleagues = (standing: Standing, memberId: string): boolean =>
  [...standing.members.keys()].some((first) => mayApprove(standing, memberId, first))

/** As lib/crypto/chain hashes it: SHA-256 of the label and the body. */
export const hashStatement = (body: string) =>
  createHash('sha256').update('curtain/v1/chain').update(fromB64(body)).digest('base64url')

export const fromB64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))
export const toB64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
