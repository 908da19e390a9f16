/** A piece of what somebody wrote: words, or a phone number with what a phone dials. */
type Piece = { text: string; dial?: string }

/** Where in a text phone numbers stand, so that who helps calls by one touch. Seven digits make one: fewer are a year or an age. */
export function phonesIn(text: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (const { 0: found, index } of text.matchAll(/\+?\(?\d(?:[ \u00a0().\-/]{0,2}\d)+/g)) {
    const digits = found.replace(/\(0\)/, '').replace(/\D/g, '')
    if (digits.length < 7 || digits.length > 15) continue
    if (index > at) pieces.push({ text: text.slice(at, index) })
    pieces.push({ text: found, dial: `${found.includes('+') ? '+' : ''}${digits}` })
    at = index + found.length
  }
  if (at < text.length) pieces.push({ text: text.slice(at) })
  return pieces
}
