// A passkey in software, for tests: what an authenticator and a browser answer (WebAuthn, ES256, attestation "none").
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { encode } from 'cborg'

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest()
const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const [present, verified, holdsKey] = [1, 4, 64]

export interface Shown {
  origin: string
  /** The site's name, as the browser tells the authenticator. */
  rpId?: string
  challenge: string
  /** Whether a finger, a face or a PIN was asked for. */
  asked?: boolean
  counter?: number
}

export function softKey() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  const id = randomBytes(16)
  // COSE_Key of ES256: key type 2, algorithm -7, curve 1, both coordinates.
  const cose = new Map<number, unknown>([
    ...([
      [1, 2],
      [3, -7],
      [-1, 1],
    ] as const),
    ...([
      [-2, new Uint8Array(Buffer.from(x!, 'base64url'))],
      [-3, new Uint8Array(Buffer.from(y!, 'base64url'))],
    ] as const),
  ])
  const data = ({ origin, rpId = new URL(origin).hostname, asked = true, counter = 0 }: Shown, flags: number) => {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(rpId), Buffer.from([present | (asked ? verified : 0) | flags]), count])
  }
  const clientOf = (type: string, { origin, challenge }: Shown) =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
  const credential = (response: Record<string, unknown>) => ({
    ...{ id: b64(id), rawId: b64(id), type: 'public-key' as const, response, clientExtensionResults: {} },
  })
  return {
    make(shown: Shown) {
      const length = Buffer.from([0, id.length])
      const key = Buffer.concat([Buffer.alloc(16), length, id, encode(cose)])
      const authData = new Uint8Array(Buffer.concat([data(shown, holdsKey), key]))
      const attestationObject = b64(encode({ fmt: 'none', attStmt: {}, authData }))
      return credential({ clientDataJSON: b64(clientOf('webauthn.create', shown)), attestationObject })
    },
    show(shown: Shown) {
      const [authData, client] = [data(shown, 0), clientOf('webauthn.get', shown)]
      const signature = sign('sha256', Buffer.concat([authData, sha256(client)]), privateKey)
      return credential({
        ...{ clientDataJSON: b64(client), authenticatorData: b64(authData), signature: b64(signature) },
      })
    },
  }
}
