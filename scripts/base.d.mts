import type { SpawnOptions } from 'node:child_process'

export const root: string
export const node: string
export const callCodecs: string[]
export function bin(name: string): string
export class Sentence extends Error {}
export function say(line: string): void
export function main(body: () => Promise<void>): Promise<void>
export function sentenceFor(error: unknown): string | null
export function cacheDir(): string
export function onPath(name: string): string | null
export function pathWithBin(): string
export interface Done {
  code: number
  signal: string | null
  output: string
  seconds: number
}
export function quietly(label: string, command: string, args: string[], options?: SpawnOptions): Promise<Done>
export function shown(command: string, args: string[], options?: SpawnOptions): Promise<number>
export function runningStacks(): number[]
export function markRunning(pid?: number): () => void
export function alive(pid: number): boolean
