/**
 * French sets a space before its high marks and inside its quotes. The files are written with plain ones; what is shown has spaces
 * that do not break, so that no line ends with « or begins with a mark. An argument’s own “::” is left as it is.
 */
export const unbroken = (text: string): string =>
  text.replace(/ (?=[;?!»]|:(?!:))/g, '\u00a0').replace(/« /g, '«\u00a0')

/** The same for every sentence of a language’s files. */
export function unbrokenAll<T extends object>(messages: T): T {
  const entries = Object.entries(messages).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'string' ? unbroken(value) : unbrokenAll(value as object),
  ])
  return Object.fromEntries(entries) as T
}
