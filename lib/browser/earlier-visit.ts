/** What this tab brings along for having been to a clinic: the link of a visit whose page it came from. Kept for as long as the tab is. */
const name = (clinicId: string) => `curtain:earlier:${clinicId}`

export interface VisitLink {
  id: string
  secret: string
}

export function bringVisit(clinicId: string, { id, secret }: VisitLink): void {
  try {
    sessionStorage.setItem(name(clinicId), JSON.stringify({ id, secret }))
  } catch {
    // Storage is off: then this device's keys alone say who has been there.
  }
}

export function visitBrought(clinicId: string): VisitLink | null {
  try {
    return JSON.parse(sessionStorage.getItem(name(clinicId)) ?? 'null') as VisitLink | null
  } catch {
    return null
  }
}

export function forgetVisit(clinicId: string): void {
  try {
    sessionStorage.removeItem(name(clinicId))
  } catch {
    // Storage is off: then nothing was kept.
  }
}

/** From now on the clinic's page puts follow-ups first here. A wish of this browser's, which opens nothing. */
export function markBeen(slug: string): void {
  document.cookie = `been=1;path=/c/${slug};max-age=31536000;samesite=lax${secure()}`
}

/** On a device from which a patient was removed: nothing says any more that somebody was at the clinic, unless another of its patients is here. */
export function forgetBeen({ id, slug }: { id: string; slug: string }, here: readonly { clinicId: string }[]): void {
  forgetVisit(id)
  if (!here.some(({ clinicId }) => clinicId === id))
    document.cookie = `been=;path=/c/${slug};max-age=0;samesite=lax${secure()}`
}

const secure = () => (location.protocol === 'https:' ? ';secure' : '')
