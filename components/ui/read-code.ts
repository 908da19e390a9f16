interface Detector {
  detect(picture: HTMLCanvasElement): Promise<{ rawValue: string }[]>
}
declare global {
  var BarcodeDetector:
    { new (options: { formats: string[] }): Detector; getSupportedFormats(): Promise<string[]> } | undefined
}

export type ReadCode = (picture: HTMLCanvasElement) => Promise<string | null>

/** Reads a QR code in a picture: by the browser itself where it can, else by a script that is fetched now. */
export async function codeReader(): Promise<ReadCode> {
  const built = await detector()
  let script: ReadCode | null = null
  return async (picture) => {
    if (built && !script)
      try {
        return (await built.detect(picture))[0]?.rawValue || null
      } catch {
        // It is there by name alone: Android without its maker's services.
      }
    script ??= await byScript()
    return script(picture)
  }
}

async function detector(): Promise<Detector | null> {
  const formats = await globalThis.BarcodeDetector?.getSupportedFormats().catch((): string[] => [])
  return formats?.includes('qr_code') ? new globalThis.BarcodeDetector!({ formats: ['qr_code'] }) : null
}

async function byScript(): Promise<ReadCode> {
  const { default: jsqr } = await import('jsqr')
  return async (picture) => {
    const { width, height } = picture
    const pencil = picture.getContext('2d', { willReadFrequently: true })!
    return jsqr(pencil.getImageData(0, 0, width, height).data, width, height)?.data || null
  }
}
