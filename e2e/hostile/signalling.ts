// Between a browser and the real SFU: reads what the SFU says, and says something else.
import { SignalResponse } from '@livekit/protocol'
import type { Page, WebSocketRoute } from '@playwright/test'

export interface Lie {
  /** The SFU's word, changed in place. */
  rewrite?: (said: SignalResponse['message']) => void
  /** The newest signalling path is said not to exist. */
  onlyOldPath?: boolean
}

/** From now on this page hears the SFU through a liar. `say` puts words of its own into the SFU's mouth. */
export async function lieTo(page: Page, { rewrite, onlyOldPath = false }: Lie) {
  let victim: WebSocketRoute | null = null
  const paths: string[] = []
  if (onlyOldPath) await refuseNewPath(page, () => paths.push('/rtc/v1'))
  await page.routeWebSocket(onlyOldPath ? /\/rtc\?/ : /\/rtc\b/, (socket) => {
    paths.push(new URL(socket.url()).pathname)
    victim = socket
    const sfu = socket.connectToServer()
    socket.onMessage((message) => sfu.send(message))
    sfu.onMessage((message) => {
      if (typeof message === 'string') return socket.send(message)
      const response = SignalResponse.fromBinary(message)
      rewrite?.(response.message)
      socket.send(Buffer.from(response.toBinary()))
    })
  })
  return {
    /** Signalling paths that the page has tried. */
    paths,
    say: (message: SignalResponse['message']) => victim!.send(Buffer.from(new SignalResponse({ message }).toBinary())),
  }
}

/** 404, as from an SFU of years ago: to the socket, and to the question why. */
async function refuseNewPath(page: Page, asked: () => void) {
  await page.addInitScript(() => {
    globalThis.WebSocket = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(String(url).replace('/rtc/v1', '/none/v1'), protocols)
      }
    }
  })
  await page.route(/\/v1\/validate/, (route) => {
    asked()
    return route.fulfill({ status: 404, headers: { 'access-control-allow-origin': '*' }, body: 'not found' })
  })
}

/** Keeps every connection that the page makes, to look at its tracks. Call it before the page is opened. */
export const keepConnections = (page: Page) =>
  page.addInitScript(() => {
    const kept: RTCPeerConnection[] = []
    Object.assign(globalThis, { kept })
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        kept.push(this)
      }
    }
  })

/** Bytes of media that have gone out on the page's connections, of them of video, and those either way without a transform of ours. */
export const traffic = (page: Page) =>
  page.evaluate(async () => {
    const { kept } = globalThis as unknown as { kept: RTCPeerConnection[] }
    const ends = kept.flatMap((connection) => [...connection.getSenders(), ...connection.getReceivers()])
    const all = { connections: kept.length, sent: 0, video: 0, bare: 0 }
    for (const end of ends) {
      const stats = [...(await end.getStats()).values()] as {
        bytesSent?: number
        bytesReceived?: number
        type: string
      }[]
      const rtp = stats.filter(({ type }) => type === 'outbound-rtp' || type === 'inbound-rtp')
      const out = rtp.reduce((sum, { bytesSent = 0 }) => sum + bytesSent, 0)
      const either = rtp.reduce((sum, { bytesReceived = 0 }) => sum + bytesReceived, out)
      all.sent += out
      if (end.track?.kind === 'video') all.video += out
      if (!(end.transform instanceof RTCRtpScriptTransform)) all.bare += either
    }
    return all
  })
