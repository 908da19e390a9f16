// The picture at the top of the README: the practitioner's screen with the patient's phone before it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export async function heroPage(browser, folder) {
  const data = (name) => `data:image/jpeg;base64,${readFileSync(join(folder, name)).toString('base64')}`
  const page = await browser.newPage({ viewport: { width: 1200, height: 675 }, deviceScaleFactor: 1 })
  await page.setContent(`<!doctype html><style>
    body { margin: 0; width: 1200px; height: 675px; position: relative; overflow: hidden;
      background: linear-gradient(160deg, #d8efec, #a7cdc7 70%, #7ba9a3) }
    img { position: absolute; display: block }
    .desk { left: 48px; top: 52px; width: 920px; border-radius: 14px; box-shadow: 0 30px 70px -20px #12282999, 0 0 0 1px #12282922 }
    .hand { right: 54px; top: 92px; width: 252px; border-radius: 30px; border: 9px solid #122829;
      box-shadow: 0 34px 70px -18px #122829cc }
  </style><img class="desk" src="${data('17-call-desktop.jpg')}"><img class="hand" src="${data('17-call-phone.jpg')}">`)
  await page.waitForFunction(() => [...document.images].every((image) => image.complete && image.naturalWidth))
  await page.screenshot({ path: join(folder, 'hero.png'), type: 'png' })
  await page.close()
}
