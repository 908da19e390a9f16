import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator } from '@playwright/test'

const [width, height] = [640, 480]

/** Arguments for a browser whose camera sees what this element shows now, as another device's screen held before it. */
export async function cameraShowing(element: Locator): Promise<string[]> {
  const png = (await element.screenshot()).toString('base64')
  const blank = await element.page().context().newPage()
  const grey = await blank.evaluate(
    async ({ png, width, height }) => {
      const bytes = Uint8Array.from(atob(png), (each) => each.charCodeAt(0))
      const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
      const pencil = new OffscreenCanvas(width, height).getContext('2d')!
      pencil.fillStyle = '#777'
      pencil.fillRect(0, 0, width, height)
      const side = 0.8 * height
      pencil.drawImage(picture, (width - side) / 2, (height - side) / 2, side, side)
      const { data } = pencil.getImageData(0, 0, width, height)
      return Array.from({ length: width * height }, (_, at) => data[4 * at]!)
    },
    { png, width, height },
  )
  await blank.close()
  // YUV4MPEG2: one frame in grey, which Chromium shows over and over.
  const head = Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\nFRAME\n`)
  const file = join(tmpdir(), `camera-${randomUUID()}.y4m`)
  writeFileSync(file, Buffer.concat([head, Buffer.from(grey), Buffer.alloc((width * height) / 2, 128)]))
  return [`--use-file-for-fake-video-capture=${file}`]
}
