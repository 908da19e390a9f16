/** One of two where two people are asked for: for a patient's emergency key, or for a colleague's new keys. */
export interface Voiced {
  memberId: string
  /** In whose name they speak: their own id, or that of the one person who let them in. */
  voice: string
  /** Named by root: whoever opened the clinic. */
  isFounder: boolean
}

// The defence of attacks 7 and 22 against one person with two accounts: who was let in by one person alone speaks in that
// person's name, until a second one has given them the administrator's role. The founder, who holds every key there is anyway,
// lets people in who speak for themselves: in most clinics nobody else ever does.

/** Of a newcomer whom `by` lets in; null: root. */
export const voiceOfNewcomer = (memberId: string, by: Voiced | null): string =>
  !by || by.isFounder ? memberId : by.voice

/** Of a member to whom `by` gives the administrator's role. */
export const voiceOfOfficer = (member: Voiced, by: Voiced | null): string =>
  !by || by.isFounder || by.voice !== member.voice ? member.memberId : member.voice

/** Whether two accounts are two people, as far as the chain can say. */
export const areTwo = (one: Pick<Voiced, 'voice'>, other: Pick<Voiced, 'voice'>): boolean => one.voice !== other.voice

/** Each voice once, in order. */
export const voicesOf = (members: readonly Pick<Voiced, 'voice'>[]): string[] =>
  [...new Set(members.map(({ voice }) => voice))].sort()
