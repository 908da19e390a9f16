import { describe, expect, test } from 'vitest'
import type { DoorDevice } from '../call/rules.ts'
import { Welcome } from './call-welcome.ts'

const device = (sign: string, over: Partial<DoorDevice> = {}) =>
  ({ participantId: sign, state: 'waiting', here: true, knock: { keys: { sign } }, ...over }) as DoorDevice
const [tablet, phone] = [device('tablet'), device('phone')]

describe('who comes back without another click', () => {
  test('the device that was let in, once it is at the door again', () => {
    const welcome = new Welcome()
    expect(welcome.back([tablet])).toBeNull()
    welcome.letIn(tablet)
    expect(welcome.back([phone, tablet])).toBe(tablet)
    expect(welcome.back([device('tablet', { here: false })])).toBeNull()
    expect(welcome.back([device('phone', { state: 'joined' }), tablet])).toBeNull()
  })

  // Defence: one key is kept, and not every one that ever was let in.
  test('attack 4: none that was let in before another', () => {
    const welcome = new Welcome()
    welcome.letIn(tablet)
    welcome.letIn(phone)
    expect(welcome.back([tablet])).toBeNull()
    expect(welcome.back([tablet, phone])).toBe(phone)
  })

  // Defence: turnAway.
  test('attack 4: none that was turned away', () => {
    const welcome = new Welcome()
    welcome.letIn(tablet)
    welcome.turnAway(phone)
    expect(welcome.back([tablet])).toBe(tablet)
    welcome.turnAway(tablet)
    expect(welcome.back([tablet])).toBeNull()
  })
})
