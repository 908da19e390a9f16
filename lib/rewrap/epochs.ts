import 'server-only'
import { decode } from 'cborg'
import type { ChainStatement } from '../crypto/types.ts'
import type { GroupEpoch } from './rules.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))
const b64 = (value: Uint8Array) => Buffer.from(value).toString('base64url')
const kindOf = (group: string) => group.split(':')[0]!

/** Every group's newest epoch, and who is in which group, by the stored chain. Browsers check what it says; this only reads. */
export function readEpochs(statements: readonly ChainStatement[]): {
  epochs: GroupEpoch[]
  groupsOf: Map<string, string[]>
  signKeyOf: Map<string, string>
} {
  const newest = new Map<string, Omit<GroupEpoch, 'members'>>()
  const groupsOf = new Map<string, string[]>()
  const signKeyOf = new Map<string, string>()
  const leave = (memberId: string, remaining: string[]) => {
    const left = (groupsOf.get(memberId) ?? []).filter((group) => !remaining.includes(group))
    // Who leaves the whole clinic's group leaves its scopes, whose secrets are sealed to it.
    for (const epoch of newest.values())
      if (left.includes(epoch.group) || left.includes(kindOf(epoch.group))) epoch.stale = true
  }
  for (const { body } of statements) {
    const [, , , , , kind, ...fields] = decode(bytes(body)) as unknown[]
    if (kind === 'epoch') {
      const [group, epoch, key] = fields as [string, number, Uint8Array]
      newest.set(group, { group, epoch, key: b64(key), stale: false })
    }
    if (kind === 'member-added') {
      groupsOf.set(fields[0] as string, fields[4] as string[])
      signKeyOf.set(fields[0] as string, b64(fields[1] as Uint8Array))
    }
    if (kind === 'member-changed') {
      leave(fields[0] as string, fields[2] as string[])
      groupsOf.set(fields[0] as string, fields[2] as string[])
    }
    if (kind === 'member-rekeyed') {
      leave(fields[0] as string, [])
      signKeyOf.set(fields[0] as string, b64(fields[1] as Uint8Array))
    }
    if (kind === 'member-removed') {
      leave(fields[0] as string, [])
      groupsOf.delete(fields[0] as string)
    }
  }
  const members = (group: string) => [...groupsOf.values()].filter((groups) => groups.includes(group)).length
  return {
    epochs: [...newest.values()].map((each) => ({ ...each, members: members(each.group) })),
    groupsOf,
    signKeyOf,
  }
}
