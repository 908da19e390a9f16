import { expect, test, vi } from 'vitest'
import { PractitionerCall } from './call-client.ts'

const server = vi.hoisted(() => ({ patientId: '', asked: [] as string[] }))
vi.mock('./api.ts', () => ({
  call: (name: string) => {
    server.asked.push(name)
    const { patientId } = server
    return Promise.resolve({ ok: true, value: { door: 'd', patientId, clinicId: 'c', sync: { callId: 'x' } } })
  },
}))

// Defence: the comparison in PractitionerCall.open. Without it "matches" vouches for the accomplice in the call as whomever
// the server names, and hands that patient's records on.
test('attack 7: a call that the server opens for another patient than the chart’s is none', async () => {
  server.patientId = crypto.randomUUID()
  const opened = await PractitionerCall.open(crypto.randomUUID(), crypto.randomUUID())
  expect(opened).toEqual({ ok: false, code: 'OTHER_PATIENT' })
  expect(server.asked).toEqual(['call/open'])
})
