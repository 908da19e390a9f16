// One benchmark row in a process of its own; its result goes to the parent as a message.
import { killDescendants } from './stack.ts'

process.on('exit', killDescendants)
process.on('SIGTERM', () => process.exit(1))

const name = process.argv[2] ?? ''
// Benchmarks print progress; standard output is the parent's, which may be writing JSON there.
console.log = (...args: unknown[]) => console.error(...args)
const { default: run } = (await import(new URL(`../../bench/${name}.ts`, import.meta.url).href)) as {
  default: () => Promise<unknown>
}
const rows = [await run()].flat()
await new Promise((resolve) => process.send?.(rows, resolve))
process.exit(0)
