import { main, say } from '../base.mjs'
import { buildApp } from './build.ts'

await main(() => buildApp(say))
