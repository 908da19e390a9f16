// Which of the two readers reads. That both read a real code: the browser's own is its maker's; the script's in e2e/devices.spec.ts.
import { afterEach, expect, test, vi } from 'vitest'
import { encode } from 'uqr'
import { codeReader } from './read-code.ts'

afterEach(() => vi.unstubAllGlobals())

/** A canvas with a code in it, as far as a reader looks. */
function picture(text: string): HTMLCanvasElement {
  const { data: rows, size } = encode(text, { border: 4 })
  const width = size * 4
  const data = new Uint8ClampedArray(width * width * 4).fill(255)
  for (let y = 0; y < width; y++)
    for (let x = 0; x < width; x++)
      if (rows[Math.floor(y / 4)]![Math.floor(x / 4)]) data.fill(0, 4 * (y * width + x), 4 * (y * width + x) + 3)
  return { width, height: width, getContext: () => ({ getImageData: () => ({ data }) }) } as never
}
const detector = (formats: string[], detect: () => Promise<{ rawValue: string }[]>) => {
  const looked = vi.fn(detect)
  class Detector {
    static getSupportedFormats = async () => formats
    detect = looked
  }
  vi.stubGlobal('BarcodeDetector', Detector)
  return looked
}

test('the browser’s own reader where it reads such codes', async () => {
  detector(['qr_code', 'ean_13'], async () => [{ rawValue: 'by the browser' }])
  expect(await (await codeReader())(picture('by script'))).toBe('by the browser')
  detector(['qr_code'], async () => [])
  expect(await (await codeReader())(picture('by script'))).toBeNull()
})

test('the script where there is none, where it reads other codes only, and where it is there by name alone', async () => {
  expect(await (await codeReader())(picture('by script'))).toBe('by script')
  detector(['ean_13'], async () => [{ rawValue: 'no' }])
  expect(await (await codeReader())(picture('by script'))).toBe('by script')
  const looked = detector(['qr_code'], () => Promise.reject(new DOMException('unavailable', 'NotSupportedError')))
  const read = await codeReader()
  expect(await read(picture('by script'))).toBe('by script')
  expect(await read(picture('again'))).toBe('again')
  expect(looked).toHaveBeenCalledOnce()
})
