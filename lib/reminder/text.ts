// A text message in as few parts as may be: 160 characters of the GSM alphabet, or 70 as soon as one lies outside of it.
const gsm = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
)
const plainer: Record<string, string> = {
  '’': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '\u00a0': ' ',
  '\u202f': ' ',
}

/** In the GSM alphabet where a letter without its accent does; unchanged where that would not be read. */
export function inGsm(text: string): string {
  const letters = [...text.normalize('NFC')].map((each) => {
    const letter = plainer[each] ?? each
    return gsm.has(letter) ? letter : letter.normalize('NFD')[0]!
  })
  return letters.every((letter) => gsm.has(letter)) ? letters.join('') : text
}

/** How many parts it is sent in, and paid for. */
export function partsOf(text: string): number {
  const isGsm = [...text].every((letter) => gsm.has(letter))
  const [one, each] = isGsm ? [160, 153] : [70, 67]
  return text.length <= one ? 1 : Math.ceil(text.length / each)
}

/** E.164, as Twilio asks for it, from a number that was typed with its country's code; null for any other. */
export function e164(phone: string): string | null {
  const number = phone.replace(/\(0\)|[\s().-]/g, '').replace(/^00/, '+')
  return /^\+[1-9]\d{7,14}$/.test(number) ? number : null
}
