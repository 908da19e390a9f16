const place = (invitationId: string) => `curtain:joined:${invitationId}`

/** The newcomer’s own code, no secret, for the tab that is loaded again while it waits. The passphrase is not kept. */
export function keepCode(invitationId: string, code: string) {
  try {
    sessionStorage.setItem(place(invitationId), code)
  } catch {
    // A browser that keeps nothing shows the words until this page goes.
  }
}

/** This tab’s own answer alone: what the server says of an answer is never shown as the newcomer’s words. */
export function keptCode(invitationId: string): string | null {
  try {
    return sessionStorage.getItem(place(invitationId))
  } catch {
    return null
  }
}
