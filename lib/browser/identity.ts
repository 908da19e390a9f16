import type { IdentityContent } from '../record/rules.ts'
import type { Opened } from './vault-api.ts'

type Said = Pick<Opened, 'type' | 'content' | 'author'>

/** Who it is in their own words; until they have said so, as the clinic wrote it down. */
export const identityOf = <T extends Said>(opened: readonly T[]): T | null =>
  ownIdentity(opened) ?? deskIdentity(opened)

const ownIdentity = <T extends Said>(opened: readonly T[]): T | null =>
  opened.findLast(({ type, author }) => type === 'identity' && author.kind === 'patient') ?? null

/** What a member of the clinic wrote down of who called. */
export const deskIdentity = <T extends Said>(opened: readonly T[]): T | null =>
  opened.findLast(({ type, author }) => type === 'identity' && author.kind === 'member') ?? null

const plain = (text: string) =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

/** Whether two say another name or another birthday: an accent or a capital is no difference. */
export const isOtherPerson = (
  a: Pick<IdentityContent, 'name' | 'birthDate'>,
  b: Pick<IdentityContent, 'name' | 'birthDate'>,
): boolean => plain(a.name) !== plain(b.name) || a.birthDate !== b.birthDate

/** What the desk wrote down, where the patient has named another person or birthday since; null where they agree or only one spoke. */
export function writtenOtherwise<T extends Said>(opened: readonly T[]): IdentityContent | null {
  const [own, desk] = [ownIdentity(opened), deskIdentity(opened)]
  if (!own || !desk) return null
  const written = desk.content as IdentityContent
  return isOtherPerson(own.content as IdentityContent, written) ? written : null
}

/** Whether a name is what somebody is typing: each word begins a word of it. */
export function isNamed(name: string, typed: string): boolean {
  const words = plain(name).split(' ')
  return plain(typed)
    .split(' ')
    .every((part) => words.some((word) => word.startsWith(part)))
}
