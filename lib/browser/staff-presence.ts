/** Which session this tab was unlocked in: survives a reload, and ends with the tab. */
const tabKey = 'curtain.staff-tab'
/** When somebody last touched any of the staff's tabs. */
const touchedKey = 'curtain.staff-touched'
const lockName = (sessionId: string) => `curtain-staff:${sessionId}`

export const lastTouch = (): number => Number(localStorage.getItem(touchedKey) ?? 0)
export const touch = (at: number): void => localStorage.setItem(touchedKey, String(at))

/** This tab is open in that session, and says so to the others for as long as it lives. */
export function present(sessionId: string): void {
  sessionStorage.setItem(tabKey, sessionId)
  void navigator.locks.request(lockName(sessionId), { mode: 'shared' }, () => new Promise(() => undefined))
}

/**
 * Whether the keys that this browser keeps may be taken up again: by a tab that was reloaded, or beside another that is open. Who
 * closed the last tab, or left it for longer than the clinic allows, types the passphrase. A browser that restores its tabs at
 * its next start restores this too: there the clinic's time alone decides.
 */
export async function mayResume(sessionId: string, lockMinutes: number): Promise<boolean> {
  if (Date.now() - lastTouch() > lockMinutes * 60_000) return false
  if (sessionStorage.getItem(tabKey) === sessionId) return true
  const { held } = await navigator.locks.query()
  return held?.some(({ name }) => name === lockName(sessionId)) ?? false
}
