import { expect, test } from 'vitest'
import { random } from './bytes.ts'
import { deviceCode, sameCode } from './device-code.ts'
import { newKeys } from './testing.ts'

// Defence: everything that deviceCode takes. Without the root a browser that was shown a false clinic would show the true code; without
// the patient a code read out for one would do for another; with one key of the two the other could be anybody's.
// ROUNDS, which is what a guess costs, is held by the test vectors.
test('attack 7: a device’s code is of these two keys, this patient and this clinic’s root, and of no others', async () => {
  const [{ public: keys }, { public: other }] = [await newKeys(), await newKeys()]
  const chain = { clinicId: 'clinic-1', rootFingerprint: random(32) }
  const code = await deviceCode(chain, 'patient-1', keys)
  expect(code).toMatch(/^\d{3} \d{3} \d{3} \d{3}$/)
  expect(await deviceCode(chain, 'patient-1', keys)).toBe(code)
  const others = [
    deviceCode({ ...chain, rootFingerprint: random(32) }, 'patient-1', keys),
    deviceCode({ ...chain, clinicId: 'clinic-2' }, 'patient-1', keys),
    deviceCode(chain, 'patient-2', keys),
    deviceCode(chain, 'patient-1', { ...keys, dh: other.dh }),
    deviceCode(chain, 'patient-1', { ...keys, sign: other.sign }),
  ]
  for (const one of await Promise.all(others)) expect(one).not.toBe(code)
  expect(sameCode(code, code.replaceAll(' ', '-'))).toBe(true)
  expect(sameCode(code, code.slice(0, -1))).toBe(false)
})
