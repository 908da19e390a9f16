import { expect, test } from 'vitest'
import type { AuditDetail } from '../crypto/audit.ts'
import { untilSaid } from './until-said.ts'

const at = (time: string, action: string): { detail: AuditDetail } => ({
  detail: {
    at: time,
    action,
    actor: { kind: 'patient', id: null },
    ...{ subjectId: null, patientId: null, records: [], refused: null },
  },
})
const entries = [at('T3', 'record.read'), at('T2', 'care.said'), at('T1', 'appointment.booked')]

test('a parent who booked did what was done before they said so; who was let in did not', () => {
  expect(untilSaid(entries, [{ mine: true, ofItself: true }])).toBe('T2')
  expect(untilSaid(entries, [{ mine: true, ofItself: false }])).toBe('')
  expect(untilSaid(entries, [{ mine: false, ofItself: true }])).toBe('')
})

test('where the entries do not reach back so far, nothing is taken for this device’s', () => {
  expect(untilSaid(entries.slice(0, 1), [{ mine: true, ofItself: true }])).toBe('')
  expect(untilSaid([], [{ mine: true, ofItself: true }])).toBe('')
})
