import { CryptoError } from './errors.ts'
import type { Group, GroupKind, RecordType } from './types.ts'

/**
 * The kind of group whose members may write a record of each type and grant it. A header that names a group of another kind is
 * refused.
 */
export const managingKind: Record<RecordType, GroupKind> = {
  identity: 'desk',
  checklist: 'desk',
  reason: 'clinical',
  intake: 'clinical',
  consent: 'clinical',
  note: 'clinical',
  draft: 'clinical',
  prescription: 'clinical',
  recall: 'clinical',
  care: 'desk',
}
export const recordTypes = Object.keys(managingKind) as RecordType[]
/** The clinic-wide groups. */
export const clinicGroups: readonly GroupKind[] = ['desk', 'clinical', 'officers']
export const roleNames = ['practitioner', 'frontdesk', 'admin'] as const

/** A set of names as what is signed holds it: in order, none twice. */
export const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort()

const scoped = /^(?:desk|clinical):[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Throws UNSUPPORTED for what names no group: an unknown kind, a scope that is no id, officers of a part of the clinic. */
export function readGroup(value: unknown): Group {
  const isGroup = typeof value === 'string' && (clinicGroups.includes(value as GroupKind) || scoped.test(value))
  if (!isGroup) throw new CryptoError('UNSUPPORTED', `group ${String(value)}`)
  return value as Group
}

/** The clinic-wide group of a group's kind; of a clinic-wide one, itself. */
export const wholeOf = (group: Group): GroupKind => group.split(':')[0] as GroupKind

export const isScoped = (group: Group): boolean => group.includes(':')

/** Whether whoever is in these groups counts as of this one: the clinic-wide group of a kind has all of its scopes. */
export const isOf = (groups: readonly Group[], group: Group): boolean =>
  groups.includes(group) || groups.includes(wholeOf(group))

/** Whether one of these groups is of this kind, be it clinic-wide or scoped. */
export const hasKind = (groups: readonly Group[], kind: GroupKind): boolean =>
  groups.some((group) => wholeOf(group) === kind)

/**
 * Who manages and who reads what is written for a visit to this practitioner, at this site if it is at one. The clinic-wide groups
 * read all of it. Besides them:
 * - at a site, its desk and its practitioners; those of another site do not.
 * - of who sees their own patients only, their own scope reads what is clinical, and the site's practitioners do not. Names and
 *   checklists go to both.
 * Somebody whom the chain does not name has no group: the clinic takes care of their patients.
 */
export function audienceOf(
  members: readonly { memberId: string; groups: readonly Group[] }[],
  practitioner: string,
  type: RecordType,
  site: string | null = null,
): { managing: Group; groups: Group[] } {
  const theirs = members.find(({ memberId }) => memberId === practitioner)?.groups ?? []
  const isWhole = theirs.includes('clinical')
  const own = !isWhole && theirs.find((group) => group === `clinical:${practitioner}`)
  const at = isWhole || own ? site : siteAmong(theirs, site)
  // The defence of scopes on the side of who writes: nobody but the clinic-wide groups and these is in the audience.
  if (managingKind[type] === 'desk') {
    const scopes: Group[] = at ? [`desk:${at}`, `clinical:${at}`] : []
    return { managing: scopes[0] ?? 'desk', groups: ['desk', 'clinical', ...scopes, ...(own ? [own] : [])] }
  }
  const scope = own || (at && (`clinical:${at}` as const))
  return scope ? { managing: scope, groups: ['clinical', scope] } : { managing: 'clinical', groups: ['clinical'] }
}

/** The defence against a server that names another site: of who sees some sites only, none but those counts. */
function siteAmong(groups: readonly Group[], site: string | null): string | null {
  const sites = groups
    .filter((group) => hasKind([group], 'clinical') && isScoped(group))
    .map((group) => group.split(':')[1]!)
  return site && sites.includes(site) ? site : (sites[0] ?? null)
}

/**
 * Whether a member of these groups writes this type under this managing group: who is in it; and of a reason, which the practitioners
 * manage, the desk of the same part of the clinic, that takes it down from who calls.
 */
export const writesFor = (
  groups: readonly Group[],
  { type, managing }: { type: RecordType; managing: Group },
): boolean =>
  isOf(groups, managing) || (type === 'reason' && isOf(groups, managing.replace(/^clinical/, 'desk') as Group))

/** What a patient says of themselves. Anything else under a patient's signature is a forgery. */
const patientMayWrite: readonly RecordType[] = ['identity', 'checklist', 'reason', 'intake', 'consent', 'care']

/**
 * Throws NOT_VOUCHED when this author may not have written this type under this managing group: a receptionist's prescription,
 * a patient's note, a note of somebody else's patients.
 */
export function checkAuthorship(
  { type, managing, revision }: { type: RecordType; managing: Group; revision: number },
  author: { kind: 'patient' } | { kind: 'member'; roles: readonly string[]; groups: readonly Group[] },
): void {
  const may =
    author.kind === 'patient'
      ? patientMayWrite.includes(type)
      : writesFor(author.groups, { type, managing }) &&
        (type !== 'prescription' || author.roles.includes('practitioner')) &&
        // What is written down of who calls is no further revision of anything: least of all of the patient's own word.
        ((type !== 'identity' && type !== 'reason') || revision === 1) &&
        // A consent is the patient's own word: nobody signs it for them.
        type !== 'consent'
  if (!may) throw new CryptoError('NOT_VOUCHED', `this ${author.kind} does not write ${type} records`)
}
