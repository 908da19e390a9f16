import { connect } from './vault.ts'

// The page of vault.chromium.test.ts: the page's half of the vault, before a worker bundled as vault-worker.js.
const start = () => connect(new Worker('/vault-worker.js', { type: 'module' }))
Object.assign(globalThis, { lab: { start, vault: start() } })
