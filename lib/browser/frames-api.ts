import type { Counters, SenderKey, Source } from './frames.ts'

/** What a transform is told when it starts. `track` is the page's name for it. */
export interface TransformOptions {
  side: 'send' | 'receive'
  source: Source
  track: string
}

export type FramesFromPage = { type: 'port'; port: MessagePort } | { type: 'report' } | { type: 'gone'; track: string }

export type FramesToPage =
  | { type: 'keys'; epoch: number; generation: number; sending: boolean }
  | { type: 'verified'; track: string; participantId: string }
  | { type: 'report'; report: FramesReport }

/** From the vault worker to the frame worker, over a port that no page holds. `own` null: send nothing. */
export interface KeysFromVault {
  epoch: number
  generation: number
  own: SenderKey | null
  others: SenderKey[]
}

export interface FramesReport {
  epoch: number
  generation: number
  sending: boolean
  sent: { track: string; counters: Counters }[]
  received: { track: string; from: string | null; counters: Counters }[]
}
