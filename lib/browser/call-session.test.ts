import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { CallState, PatientSync, Relayed } from '../call/rules.ts'
import { CallSession } from './call-session.ts'
import type { RoomView } from './media-room.ts'

vi.mock('./vault.ts', () => ({
  vault: () => ({
    callFrames: async () => undefined,
    callForget: async () => undefined,
    // One message, and the handshake is through.
    callTake: async () => ({ send: [], view: { phase: 'ready', epoch: 1 } }),
  }),
}))
vi.mock('./frames-pipe.ts', () => ({
  FramesPipe: class {
    connectKeys() {}
    untilKeys = async () => undefined
    close() {}
  },
}))
/** Tells every room that is there what the video server does. */
let rooms: ((view: Partial<RoomView>) => void)[] = []
vi.mock('./media-room.ts', () => ({
  MediaRoom: class {
    view = { joined: false }
    listen(listener: (view: Partial<RoomView>) => void) {
      rooms.push(listener)
      listener({ link: 'connecting' })
    }
    connect = async () => rooms.at(-1)!({ link: 'connected' })
    close = async () => undefined
  },
}))

const syncOf = (call: CallState, messages: Relayed[] = []) =>
  ({ callId: 'call', call, state: call === 'live' ? 'joined' : 'left', messages }) as unknown as PatientSync
const admit = { id: 1, from: 'practitioner', message: {} } as unknown as Relayed

/** What the server answers; its event stream says nothing. */
let answers: Record<string, () => object>
let session: CallSession<PatientSync>

beforeEach(async () => {
  rooms = []
  answers = {
    'call/token': () => ({ ok: true, value: { url: 'ws://sfu', token: 'token' } }),
    'call/beat': () => ({ ok: true, value: { done: true } }),
  }
  vi.stubGlobal('Worker', class {})
  vi.stubGlobal('fetch', async (path: string) => {
    if (path === '/api/call/events') return new Response(new ReadableStream())
    return Response.json(answers[path.replace('/api/', '')]!())
  })
  session = new CallSession('door', syncOf('live', [admit]))
  await session.start()
  await vi.waitUntil(() => session.view.room?.link === 'connected')
})
afterEach(async () => {
  await session.close()
  vi.unstubAllGlobals()
})

describe('the room is gone, and the server gives no token for another', () => {
  beforeEach(() => {
    answers['call/token'] = () => ({ ok: false, code: 'WRONG_STATE' })
  })

  // Defence: `refused` asks before it says that something is wrong.
  test('because the call has ended, and the word of that has not come yet: no problem', async () => {
    answers['call/sync'] = () => ({ ok: true, value: syncOf('ended') })
    rooms.at(-1)!({ link: 'closed' })
    await vi.waitUntil(() => session.view.sync.call === 'ended')
    await vi.waitUntil(() => session.view.room === null)
    expect(session.view.problem).toBeNull()
  })

  test('although the call goes on: a problem', async () => {
    answers['call/sync'] = () => ({ ok: true, value: syncOf('live') })
    rooms.at(-1)!({ link: 'closed' })
    await vi.waitUntil(() => session.view.problem !== null)
    expect(session.view.problem).toBe('WRONG_STATE')
  })
})
