import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Every living process below `pid`, nearest first. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const [child, parent] of parents()) children.set(parent, [...(children.get(parent) ?? []), child])
  const found: number[] = []
  for (let queue = [pid]; queue.length;) {
    const below = queue.flatMap((each) => children.get(each) ?? [])
    found.push(...below)
    queue = below
  }
  return found
}

function parents(): [number, number][] {
  if (process.platform !== 'linux')
    return execFileSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
  return readdirSync('/proc')
    .map(Number)
    .filter(Boolean)
    .flatMap((pid): [number, number][] => {
      try {
        // The name in parentheses may hold spaces; the fields after its last parenthesis are state and parent.
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        return [[pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])]]
      } catch {
        return []
      }
    })
}
