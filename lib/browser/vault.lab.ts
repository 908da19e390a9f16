import { fromB64, fromB64Slowly, toB64, toB64Slowly } from '../crypto/bytes.ts'
import { connect } from './vault.ts'

// The page of vault.chromium.test.ts: the page's half of the vault, before a worker bundled as vault-worker.js.
const start = () => connect(new Worker('/vault-worker.js', { type: 'module' }))
Object.assign(globalThis, { lab: { vault: start(), base64: { fromB64, fromB64Slowly, toB64, toB64Slowly } } })
