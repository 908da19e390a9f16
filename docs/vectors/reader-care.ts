/**
 * The second reader's part for who helps a patient (§7): what both keys signed, what ended it, and how it stands. Written from
 * docs/envelope.md; of Curtain's own code it uses nothing.
 */
import { checkSignature, decode, type Field } from './reader-base.ts'

type Keys = [Buffer, Buffer]
interface Care {
  id: string
  role: 'guardian' | 'carer'
  relation: string
  name: string
  end: { kind: string; age: number; day: string }
  since: string
  from: Keys
  to: Keys
}

function list(bytes: Buffer, count: number, clinic: string, patient: string): Field[] {
  const fields = decode(bytes) as Field[]
  if (!Array.isArray(fields) || fields.length !== count || fields[0] !== 1) throw new Error('unsupported')
  if (fields[1] !== clinic || fields[2] !== patient) throw new Error('another patient’s')
  return fields
}

export function checkCare(clinic: string, patient: string, bytes: Buffer): Care {
  const fields = list(bytes, 17, clinic, patient)
  const [id, role, relation, name, kind, age, day, since] = fields.slice(3) as [
    ...[string, string, string, string, string, number, string, string],
    ...Field[],
  ]
  const [fromSign, fromDh, toSign, toDh, first, second] = fields.slice(11) as Buffer[]
  const isDay = /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(Date.parse(day))
  const isEnd = { open: age === 0 && day === '', date: age === 0 && isDay, age: age >= 1 && isDay }[kind]
  if (!isEnd || (role !== 'guardian' && role !== 'carer')) throw new Error('unsupported terms')
  if (role === 'guardian' && (kind !== 'age' || age > 18)) throw new Error('unsupported guardian')
  checkSignature(fromSign!, 'patient-care', fields.slice(0, 15), first!)
  checkSignature(toSign!, 'patient-care', fields.slice(0, 15), second!)
  return {
    ...{ id, role, relation, name, end: { kind, age, day }, since },
    ...{ from: [fromSign!, fromDh!], to: [toSign!, toDh!] },
  }
}

export function checkCareEnding(clinic: string, patient: string, bytes: Buffer) {
  const fields = list(bytes, 7, clinic, patient)
  const [care, at, signer, signature] = fields.slice(3) as [string, string, Buffer, Buffer]
  checkSignature(signer, 'patient-care-end', fields.slice(0, 6), signature)
  return { care, at, signer }
}

const same = (a: Keys, b: Keys) => a[0].equals(b[0]) && a[1].equals(b[1])

/** The latest end that the server's row may have, of what was signed. */
export function serverEnd({ end }: Care): string | null {
  if (end.kind === 'open') return null
  const at = new Date(end.day)
  return (end.kind === 'date' ? at : new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1))).toISOString()
}

/** Whether one of these statements lets its helper read, at that time, where `own` are keys that are believed as the patient's. */
export function holds(
  care: Care,
  all: Care[],
  endings: { care: string; signer: Buffer }[],
  own: Keys[],
  now: string,
  steps = 0,
): boolean {
  const mayEnd = ({ signer }: { signer: Buffer }) => [care.from, care.to, ...own].some(([sign]) => sign.equals(signer))
  if (endings.some((each) => each.care === care.id && mayEnd(each))) return false
  if (care.end.kind !== 'open' && new Date(care.end.day) <= new Date(now)) return false
  if (same(care.from, care.to)) return own.some((each) => same(each, care.to))
  const by = all.find((each) => same(each.to, care.from))
  if (by) return by.role === 'guardian' && steps < 4 && holds(by, all, endings, own, now, steps + 1)
  return own.some((each) => same(each, care.from))
}
