// Two people drawn in code, for the fake cameras: no photograph of anyone is kept here.
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const frames = 24
const looks = {
  doctor: {
    ...{ width: 640, height: 480, wall: ['#dfe8e4', '#b9cfc8'], skin: '#8d5a3f', shade: '#7a4a33', hair: '#1f1714' },
    ...{ coat: '#f4f6f5', shirt: '#2f6f6d', shelf: true },
  },
  patient: {
    ...{ width: 480, height: 640, wall: ['#f0e3d3', '#d8bfa6'], skin: '#eabf9f', shade: '#d9a583', hair: '#8a4b2a' },
    ...{ coat: '#50719a', shirt: '#50719a', shelf: false },
  },
}

/** Writes one Y4M file for each person; answers their paths. */
export async function drawPeople(chromium, launch, folder) {
  const browser = await chromium.launch(launch)
  try {
    const page = await browser.newPage()
    const paths = {}
    for (const [name, look] of Object.entries(looks)) {
      const path = join(folder, `${name}.y4m`)
      const file = openSync(path, 'w')
      writeSync(file, `YUV4MPEG2 W${look.width} H${look.height} F12:1 Ip A1:1 C420mpeg2\n`)
      for (let frame = 0; frame < frames; frame++) {
        const rgba = Buffer.from(await page.evaluate(draw, { look, turn: (frame / frames) * 2 * Math.PI }), 'base64')
        writeSync(file, 'FRAME\n')
        writeSync(file, i420(rgba, look.width, look.height))
      }
      closeSync(file)
      paths[name] = path
    }
    return paths
  } finally {
    await browser.close()
  }
}

/** Runs in a page: one frame, as RGBA in base64. */
function draw({ look, turn }) {
  const { width, height } = look
  const canvas = new OffscreenCanvas(width, height)
  const pen = canvas.getContext('2d')
  const wall = pen.createLinearGradient(0, 0, width, height)
  wall.addColorStop(0, look.wall[0])
  wall.addColorStop(1, look.wall[1])
  pen.fillStyle = wall
  pen.fillRect(0, 0, width, height)
  const blob = (color, x, y, rx, ry, tilt = 0) => {
    pen.fillStyle = color
    pen.beginPath()
    pen.ellipse(x, y, rx, ry, tilt, 0, 7)
    pen.fill()
  }
  // The room, out of focus.
  pen.filter = 'blur(9px)'
  if (look.shelf) {
    pen.fillStyle = '#8aa79f'
    pen.fillRect(30, 70, 150, 12)
    pen.fillRect(30, 170, 150, 12)
    for (const [x, tall, color] of [
      [40, 62, '#3f6f6b'],
      [60, 50, '#c98d5a'],
      [78, 66, '#e9e2d3'],
      [100, 55, '#5b7fa0'],
    ]) {
      pen.fillStyle = color
      pen.fillRect(x, 70 - tall, 16, tall)
    }
    blob('#5d8f6b', 560, 300, 46, 90)
    blob('#6fa57c', 600, 250, 40, 80, 0.5)
  } else {
    pen.fillStyle = '#fff6e6'
    pen.fillRect(300, 50, 150, 210)
    pen.fillStyle = '#e2cdb2'
    pen.fillRect(368, 50, 12, 210)
    blob('#7d9a6a', 60, 420, 60, 120, -0.3)
  }
  pen.filter = 'none'
  const x = width / 2 + Math.sin(turn) * 5
  const y = height * 0.45 + Math.sin(turn * 2) * 2
  const s = look.shelf ? 0.92 : 0.72
  // Shoulders, neck, hair behind, face, hair before.
  blob(look.coat, x, height + 40 * s, 205 * s, 175 * s)
  pen.fillStyle = look.shirt
  pen.beginPath()
  pen.moveTo(x - 62 * s, y + 130 * s)
  pen.lineTo(x, height)
  pen.lineTo(x + 62 * s, y + 130 * s)
  pen.fill()
  blob(look.hair, x, y - 8 * s, 104 * s, 122 * s)
  if (!look.shelf) blob(look.hair, x, y + 70 * s, 112 * s, 96 * s)
  pen.fillStyle = look.shade
  pen.fillRect(x - 34 * s, y + 70 * s, 68 * s, 80 * s)
  blob(look.shade, x, y + 148 * s, 34 * s, 20 * s)
  blob(look.skin, x, y + 14 * s, 82 * s, 104 * s)
  blob(look.shade, x - 80 * s, y + 20 * s, 12 * s, 20 * s)
  blob(look.shade, x + 80 * s, y + 20 * s, 12 * s, 20 * s)
  pen.fillStyle = look.hair
  pen.beginPath()
  pen.ellipse(x, y - 46 * s, 88 * s, 58 * s, 0, Math.PI, 0)
  pen.quadraticCurveTo(x + 60 * s, y - 60 * s, x - 10 * s, y - 56 * s)
  pen.quadraticCurveTo(x - 60 * s, y - 52 * s, x - 88 * s, y - 20 * s)
  pen.fill()
  const blink = Math.sin(turn * 1.5) > 0.985 ? 0.15 : 1
  for (const side of [-1, 1]) {
    blob('#fbf7f2', x + side * 32 * s, y + 10 * s, 13 * s, 8.5 * s * blink)
    blob('#2a211d', x + side * 32 * s + Math.sin(turn) * 1.5, y + 10 * s, 6.5 * s, 7 * s * blink)
    pen.strokeStyle = look.hair
    pen.lineWidth = 5 * s
    pen.lineCap = 'round'
    pen.beginPath()
    pen.arc(x + side * 32 * s, y + 14 * s, 26 * s, -Math.PI * 0.72, -Math.PI * 0.28)
    pen.stroke()
  }
  pen.strokeStyle = look.shade
  pen.lineWidth = 5 * s
  pen.beginPath()
  pen.moveTo(x + 1 * s, y + 18 * s)
  pen.quadraticCurveTo(x + 12 * s, y + 44 * s, x - 2 * s, y + 46 * s)
  pen.stroke()
  pen.strokeStyle = '#9c4a42'
  pen.lineWidth = (5 + Math.max(0, Math.sin(turn * 3)) * 4) * s
  pen.beginPath()
  pen.arc(x, y + 54 * s, 28 * s, 0.22 * Math.PI, 0.78 * Math.PI)
  pen.stroke()
  const { data } = pen.getImageData(0, 0, width, height)
  let text = ''
  for (let at = 0; at < data.length; at += 0x8000) text += String.fromCharCode(...data.subarray(at, at + 0x8000))
  return btoa(text)
}

/** BT.601, limited range; colour at a quarter of the points. */
function i420(rgba, width, height) {
  const luma = width * height
  const out = Buffer.alloc((luma * 3) / 2)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4
      const [r, g, b] = [rgba[at], rgba[at + 1], rgba[at + 2]]
      out[y * width + x] = 16 + (65.738 * r + 129.057 * g + 25.064 * b) / 256
      if (y % 2 || x % 2) continue
      const half = (y / 2) * (width / 2) + x / 2
      out[luma + half] = 128 + (-37.945 * r - 74.494 * g + 112.439 * b) / 256
      out[luma + luma / 4 + half] = 128 + (112.439 * r - 94.154 * g - 18.285 * b) / 256
    }
  return out
}
