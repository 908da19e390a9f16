import { CryptoError } from './errors.ts'
import type { Group, RecordType } from './types.ts'

/** The group whose members may write a record of each type and grant it. A header that names another is refused. */
export const managingGroup: Record<RecordType, Group> = {
  identity: 'desk',
  checklist: 'desk',
  reason: 'clinical',
  intake: 'clinical',
  consent: 'clinical',
  note: 'clinical',
  draft: 'clinical',
  prescription: 'clinical',
  recall: 'clinical',
}
export const recordTypes = Object.keys(managingGroup) as RecordType[]
export const groupNames: readonly Group[] = ['desk', 'clinical']
export const roleNames = ['practitioner', 'frontdesk', 'admin'] as const

/** A set of names as what is signed holds it: in order, none twice. */
export const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort()

/** What a patient says of themselves. Anything else under a patient's signature is a forgery. */
const patientMayWrite: readonly RecordType[] = ['identity', 'checklist', 'reason', 'intake', 'consent']

/** Throws NOT_VOUCHED when this author may not have written this type: a receptionist's prescription, a patient's note. */
export function checkAuthorship(
  type: RecordType,
  author: { kind: 'patient' } | { kind: 'member'; roles: readonly string[]; groups: readonly Group[] },
): void {
  const may =
    author.kind === 'patient'
      ? patientMayWrite.includes(type)
      : author.groups.includes(managingGroup[type]) &&
        (type !== 'prescription' || author.roles.includes('practitioner')) &&
        // A consent is the patient's own word: nobody signs it for them.
        type !== 'consent'
  if (!may) throw new CryptoError('NOT_VOUCHED', `this ${author.kind} does not write ${type} records`)
}
