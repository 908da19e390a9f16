// What every script shares. Node built-ins only and Node 20 syntax: it runs before anything is installed.
import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const bin = (name) => join(root, 'node_modules', '.bin', name)
/** Node 24 from the dependencies; whatever runs this script may be older. */
export const node = bin('node')

/** A failure that one sentence explains; no stack trace is shown for it. */
export class Sentence extends Error {}

/** What the frame format of a call knows, and VP8's own repeats: the SFU is told of nothing else. */
export const callCodecs = ['audio/opus', 'video/vp8', 'video/rtx']

export const say = (line) => process.stdout.write(`${line}\n`)

/** Runs the body; a Sentence ends the process with that sentence alone. */
export async function main(body) {
  try {
    await body()
  } catch (error) {
    if (error instanceof Sentence) {
      process.stderr.write(`\n${error.message}\n`)
      process.exit(1)
    }
    const full = sentenceFor(error)
    process.stderr.write(full ? `\n${full}\n` : `\n${error?.stack ?? error}\n`)
    process.exit(1)
  }
}

/** The sentence for a failure of the machine rather than of the program; null when it is none of these. */
export function sentenceFor(error) {
  const text = `${error?.code ?? ''} ${error?.message ?? error}`
  if (/ENOSPC|no space left on device/i.test(text)) return 'The disk is full: free some space and run this again.'
  if (/EACCES|EROFS/.test(text) && error?.path) return `Curtain may not write ${error.path}: check its permissions.`
  return null
}

/** Where built tools are kept between clones. */
export function cacheDir() {
  const wanted = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'curtain', 'bin')
  try {
    mkdirSync(wanted, { recursive: true })
    accessSync(wanted, constants.W_OK)
    return wanted
  } catch {
    const here = join(root, '.curtain', 'bin')
    mkdirSync(here, { recursive: true })
    return here
  }
}

export function onPath(name) {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(dir || '.', name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // not in this one
    }
  }
  return null
}

/** PATH with the project's own tools and Node 24 first. */
export const pathWithBin = () => [join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter)

/**
 * Runs a command to its end, its output kept and shown only on failure. While it runs, a line every ten seconds says so.
 * Resolves to {code, output}; a command that cannot be started rejects.
 */
export function quietly(label, command, args, options = {}) {
  const started = Date.now()
  if (label) say(`${label} …`)
  const beat = setInterval(() => label && say(`  still ${lower(label)} (${seconds(started)} s)`), 10_000)
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let output = ''
    const keep = (chunk) => (output = (output + chunk).slice(-200_000))
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => (clearInterval(beat), reject(error)))
    child.on('close', (code, signal) => {
      clearInterval(beat)
      resolve({ code: code ?? 1, signal, output, seconds: seconds(started) })
    })
  })
}

/** Runs a command with its output on this terminal. Resolves to its exit code. */
export function shown(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options })
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}

const lower = (text) => text.charAt(0).toLowerCase() + text.slice(1)
const seconds = (since) => Math.round((Date.now() - since) / 1000)

const runningDir = join(root, 'node_modules', '.curtain-running')

/** Pids of stacks that run out of this clone's node_modules, this process aside. */
export function runningStacks() {
  if (!existsSync(runningDir)) return []
  return readdirSync(runningDir)
    .map(Number)
    .filter((pid) => pid && pid !== process.pid)
    .filter((pid) => {
      if (alive(pid)) return true
      rmSync(join(runningDir, String(pid)), { force: true })
      return false
    })
}

export function markRunning(pid = process.pid) {
  mkdirSync(runningDir, { recursive: true })
  const file = join(runningDir, String(pid))
  writeFileSync(file, '')
  return () => rmSync(file, { force: true })
}

export function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
