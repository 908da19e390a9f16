export interface Tools {
  livekit: string
  stripeMock?: string
  chromium?: string
}
export function setup(options?: { tests?: boolean }): Promise<Tools>
export function generateClient(): Promise<void>
export function unpackRelease(url: string, sha256: string, name: string, to: string): Promise<boolean>
