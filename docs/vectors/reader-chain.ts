/** The second reader's part for the chain of a clinic's members: who was one, when, in which groups, with which keys. */
import { b64, checkSignature, decode, type Field, hash } from './reader-base.ts'

// ── §4: chain ──

export interface Statement {
  seq: number
  body: string
  signer: string
  signature: string
}
export interface Member {
  memberId: string
  sign: Buffer
  dh: Buffer
  roles: string[]
  groups: string[]
  since: number
  until: number | null
}
export interface Chain {
  clinic: string
  root: Buffer
  fingerprint: Buffer
  hashes: Buffer[]
  members: Member[]
  epochs: { group: string; epoch: number; key: Buffer; since: number; until: number | null; stale: boolean }[]
}

export function readChain(clinic: string, statements: Statement[], fingerprint: Buffer): Chain {
  const chain: Chain = { clinic, root: b64(statements[0]!.signer), fingerprint, hashes: [], members: [], epochs: [] }
  const used: Buffer[] = []
  const use = (key: Buffer) => {
    if (key.length !== 32 || used.some((each) => each.equals(key))) throw new Error('a key twice')
    used.push(key)
  }
  if (!hash('root', chain.root).equals(fingerprint)) throw new Error('another root')
  statements.forEach((statement, number) => {
    const body = b64(statement.body)
    const [version, of, at, previous, signer, kind, ...fields] = decode(body) as [
      number,
      string,
      number,
      Buffer | null,
      Buffer,
      string,
      ...Field[],
    ]
    if (version !== 1 || of !== clinic || at !== number) throw new Error('not this statement')
    if (number ? !previous?.equals(chain.hashes[number - 1]!) : previous !== null) throw new Error('not a successor')
    checkSignature(signer, 'chain', decode(body) as Field[], b64(statement.signature))
    const isRoot = signer.equals(chain.root)
    const by = chain.members.find((member) => member.until === null && member.sign.equals(signer))
    if ((kind === 'genesis') !== (number === 0)) throw new Error('genesis')
    if (kind === 'genesis') {
      if (!(fields[0] as Buffer).equals(signer)) throw new Error('genesis')
      use(signer)
    } else if (kind === 'member-added') {
      const [memberId, sign, dh, roles, groups] = fields as [string, Buffer, Buffer, string[], string[]]
      if (chain.members.some((member) => member.memberId === memberId && member.until === null))
        throw new Error('a member already')
      mayGive(by, isRoot, roles, groups, groups)
      use(sign)
      use(dh)
      chain.members.push({ memberId, sign, dh, roles, groups, since: number, until: null })
    } else if (kind === 'member-changed') {
      const [memberId, roles, groups] = fields as [string, string[], string[]]
      const before = chain.members.find((member) => member.memberId === memberId && member.until === null)
      if (!before) throw new Error('nobody')
      if ([before.roles, before.groups].join(';') === [roles, groups].join(';')) throw new Error('no change')
      const entered = groups.filter((group) => !before.groups.includes(group))
      mayGive(by, isRoot, roles, groups, entered)
      leave(
        chain,
        before,
        before.groups.filter((group) => !groups.includes(group)),
        number,
      )
      chain.members.push({ ...before, roles, groups, since: number, until: null })
    } else if (kind === 'member-removed') {
      if (!isRoot && !by?.roles.includes('admin')) throw new Error('not an officer')
      const gone = chain.members.find((member) => member.memberId === fields[0] && member.until === null)
      if (!gone) throw new Error('nobody')
      leave(chain, gone, gone.groups, number)
    } else if (kind === 'member-rekeyed') {
      const [memberId, sign, dh, at, approval] = fields as [string, Buffer, Buffer, number, Field[]]
      const [head, since, approver, signature] = approval as [Buffer, number, Buffer, Buffer]
      const now = chain.members.filter((member) => member.until === null)
      const lost = now.find((member) => member.memberId === memberId)
      const first = now.find((member) => member.sign.equals(approver))
      if (!lost || !by || !first || approval.length !== 4) throw new Error('nobody')
      checkSignature(approver, 'rekey', [1, clinic, memberId, sign, dh, head, since, approver], signature)
      if (!memberAt(chain, head, (each) => each.sign.equals(approver))) throw new Error('no approver then')
      if (!memberAt(chain, head, (each) => each.sign.equals(lost.sign))) throw new Error('other keys since')
      mayRekey(now, lost, first, by)
      if (at - since < 86400) throw new Error('less than a day')
      use(sign)
      use(dh)
      leave(chain, lost, lost.groups, number)
      chain.members.push({ ...lost, sign, dh, since: number, until: null })
    } else if (kind === 'epoch') {
      const [group, epoch, key] = fields as [string, number, Buffer]
      if (!by || !isOf(by.groups, group)) throw new Error('not of the group')
      if (!chain.members.some((member) => member.until === null && member.groups.includes(group)))
        throw new Error('nobody in it')
      const whole = chain.epochs.findLast((each) => each.group === wholeOf(group))
      if (group.includes(':') && whole?.stale !== false) throw new Error('before its clinic-wide group')
      if (epoch !== chain.epochs.filter((each) => each.group === group).length + 1)
        throw new Error('not the next epoch')
      if (chain.epochs.some((each) => each.group === group && each.epoch === epoch - 1 && !each.stale))
        throw new Error('nobody left')
      use(key)
      chain.epochs.push({ group, epoch, key, since: number, until: null, stale: false })
    } else throw new Error('unknown kind')
    chain.hashes.push(hash('chain', body))
  })
  return chain
}

export const groupName = /^(desk|clinical|officers|(desk|clinical):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/
export const wholeOf = (group: string) => group.split(':')[0]!
export const isOf = (groups: string[], group: string) => groups.includes(group) || groups.includes(wholeOf(group))

function leave(chain: Chain, member: Member, left: string[], number: number): void {
  member.until = number
  for (const group of left)
    if (!group.includes(':') && !chain.members.some((each) => each.until === null && each.groups.includes(group)))
      throw new Error('the last of a group')
  for (const epoch of chain.epochs) {
    if (!isOf(left, epoch.group)) continue
    epoch.stale = true
    epoch.until ??= number
  }
}

/** Who may give these roles and groups, of which the last are new to the member. */
function mayGive(by: Member | undefined, isRoot: boolean, roles: string[], groups: string[], entered: string[]): void {
  if (!isRoot && !by?.roles.includes('admin')) throw new Error('not an officer')
  if (roles.length === 0) throw new Error('no role')
  if (!groups.every((group) => groupName.test(group))) throw new Error('unknown group')
  if (roles.includes('practitioner') && !groups.some((group) => wholeOf(group) === 'clinical'))
    throw new Error('a practitioner outside clinical')
  if (roles.includes('admin') !== groups.includes('officers')) throw new Error('officers are the admins')
  if (isRoot) return
  if (!entered.every((group) => isOf(by!.groups, group))) throw new Error('a group from outside it')
  if (entered.some((group) => wholeOf(group) === 'clinical') && !roles.includes('practitioner')) throw new Error('not for clinical')
}

/** Who may renew a member's keys between them. */
function mayRekey(now: Member[], lost: Member, first: Member, second: Member): void {
  if (new Set([lost, first, second]).size < 3) throw new Error('not two others')
  const covers = (a: Member, b: Member) => lost.groups.every((group) => isOf(a.groups, group) || isOf(b.groups, group))
  const officers = now.filter((each) => each !== lost && each.roles.includes('admin'))
  const pairs = officers.some((a, at) => officers.slice(at + 1).some((b) => covers(a, b)))
  const count = [first, second].filter((each) => officers.includes(each)).length
  if (count < (pairs ? 2 : 1) || !covers(first, second)) throw new Error('not theirs to renew')
}

export function memberAt(chain: Chain, head: Buffer, is: (member: Member) => boolean): Member | undefined {
  const number = chain.hashes.findIndex((each) => each.equals(head))
  if (number < 0) throw new Error('a head that the chain lacks')
  return chain.members.find((each) => is(each) && each.since <= number && (each.until === null || number < each.until))
}
