interface Line {
  source: EventSource
  heard: Set<() => void>
}
const lines = new Map<string, Line>()

/**
 * Told that something of the patient's changed. One line to the server for all who listen in this tab: a browser has six for a site
 * that is reached by HTTP/1.1, all tabs together, and a page that took one for each of its parts would leave none to ask by.
 * Answers how to stop.
 */
export function onPatientEvent(appointmentId: string, patientId: string, listener: () => void): () => void {
  const path = `/api/appointments/${appointmentId}/events?patient=${patientId}`
  const line = lines.get(path) ?? connect(path)
  // Listened to twice by the same function, it is told twice, and each stops by itself.
  const own = () => listener()
  line.heard.add(own)
  return () => {
    line.heard.delete(own)
    if (line.heard.size > 0 || lines.get(path) !== line) return
    lines.delete(path)
    line.source.close()
  }
}

function connect(path: string): Line {
  const line: Line = { source: new EventSource(path), heard: new Set() }
  line.source.onmessage = () => {
    for (const listener of [...line.heard]) listener()
  }
  lines.set(path, line)
  return line
}
