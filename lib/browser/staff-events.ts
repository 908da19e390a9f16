import { call } from './api.ts'

type Kind = 'changed' | 'ended'

const heard: Record<Kind, Set<() => void>> = { changed: new Set(), ended: new Set() }
let source: EventSource | null = null

function say(kind: Kind) {
  for (const listener of heard[kind]) listener()
}

function connect() {
  const events = new EventSource('/api/staff/events')
  // The first word says only that the line is up. What happened since the page was drawn was told to nobody: it reads again.
  events.onmessage = () => say('changed')
  events.addEventListener('ended', () => say('ended'))
  // A line that was refused is not tried again by itself: the session is nobody's any more, or the server is in trouble.
  events.onerror = () => {
    if (events.readyState === EventSource.CLOSED) void again(events)
  }
  return events
}

async function again(refused: EventSource) {
  const answer = await call('account/security', {})
  if (!answer.ok && answer.code === 'SIGN_IN_FIRST') return say('ended')
  setTimeout(() => {
    if (source === refused) source = connect()
  }, 5_000)
}

/** One line to the server for the whole tab, open while anybody listens. Answers how to stop. */
export function onStaffEvent(kind: Kind, listener: () => void): () => void {
  heard[kind].add(listener)
  source ??= connect()
  return () => {
    heard[kind].delete(listener)
    if (heard.changed.size + heard.ended.size > 0) return
    source?.close()
    source = null
  }
}
