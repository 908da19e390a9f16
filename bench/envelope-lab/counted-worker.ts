/** The vault's own worker, with every call to WebCrypto counted. */
import './count.ts'
import '../../lib/browser/vault.worker.ts'
