/** From an instant until another, which is no part of it: milliseconds since 1970. */
export interface Stretch {
  from: number
  until: number
}
/** Minutes after local midnight, of one local day. */
export interface Row {
  startMinute: number
  endMinute: number
}
