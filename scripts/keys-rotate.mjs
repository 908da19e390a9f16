// `npm run keys:rotate -- field|store [--status]`: from the repository; the image has it as rotate-keys.mjs.
import { bundle } from './bundle.mjs'

await import(await bundle('lib/rotate-keys.ts'))
