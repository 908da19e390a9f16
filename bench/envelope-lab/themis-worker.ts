/**
 * The peer: wasm-themis doing the same job. A fresh key for each record, Secure Cell over 4 KiB with the header as context, a
 * Secure Message of the key to each of two readers, the author's signature over the ciphertext and over each of the two; then one
 * reader checks and opens all of it.
 */
import {
  initialize,
  KeyPair,
  SecureCellSeal,
  SecureMessage,
  SecureMessageSign,
  SecureMessageVerify,
  SymmetricKey,
} from 'wasm-themis'

await initialize('/libthemis.wasm')
const author = new KeyPair()
const readers = [new KeyPair(), new KeyPair()]
const header = crypto.getRandomValues(new Uint8Array(270))
const body = crypto.getRandomValues(new Uint8Array(4096))

// Made once, as keys are imported once by the others.
const signer = new SecureMessageSign(author.privateKey)
const verifier = new SecureMessageVerify(author.publicKey)
const to = readers.map(({ publicKey }) => new SecureMessage(new KeyPair(author.privateKey, publicKey)))
const from = new SecureMessage(new KeyPair(readers[0]!.privateKey, author.publicKey))

function seal() {
  const key = new SymmetricKey()
  const ciphertext = SecureCellSeal.withKey(key).encrypt(body, header)
  return { signed: signer.sign(ciphertext), grants: to.map((message) => signer.sign(message.encrypt(key))) }
}

function open({ signed, grants }: ReturnType<typeof seal>) {
  const ciphertext = verifier.verify(signed)
  const key = from.decrypt(verifier.verify(grants[0]!))
  const opened = SecureCellSeal.withKey(key).decrypt(ciphertext, header)
  if (opened.length !== body.length) throw new Error('not what was sealed')
}

self.onmessage = ({ data }) => {
  const sealed = Array.from({ length: data }, seal)
  const half = performance.now()
  sealed.forEach(open)
  self.postMessage({ half })
}
self.postMessage('ready')
