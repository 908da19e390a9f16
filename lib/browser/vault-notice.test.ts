import { describe, expect, test } from 'vitest'
import { fromB64 } from '../crypto/bytes.ts'
import { headNumber } from '../crypto/head-number.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'
import { clinic, codeOf } from './vault-world.ts'

describe('a refused list of members', () => {
  test('is told with what was known before, what was shown, and a number that a colleague has too', async () => {
    const world = await clinic()
    const { clinicId, chain } = world
    const browser = createVault(memoryStorage())
    const view = await browser.loadChain(chain)
    expect(await browser.refusedChain()).toBeNull()
    const cut = { clinicId, statements: chain.statements.slice(0, -1) }
    expect(await codeOf(browser.loadChain(cut))).toBe('CHAIN_SHORTER')
    const refused = (await browser.refusedChain())!
    const { length, head } = view
    const number = await headNumber(length, fromB64(head))
    expect(refused).toMatchObject({
      clinicId,
      rootFingerprint: view.rootFingerprint,
      known: { length, head, number },
      shown: { length: length - 1 },
    })
    expect(number).toMatch(/^\d{20}$/)
    // The owner's browser, which was shown the whole of it and more.
    await world.join(['frontdesk'])
    expect(await world.owner.vault.numberOf({ clinicId, length })).toBe(number)
    expect(await world.owner.vault.numberOf({ clinicId, length: length - 1 })).toBe(refused.shown!.number)
    expect(await world.owner.vault.numberOf({ clinicId, length: 0 })).toBeNull()
    expect(await world.owner.vault.numberOf({ clinicId, length: 99 })).toBeNull()
    // A slow server caught up.
    await browser.loadChain(chain)
    expect(await browser.refusedChain()).toBeNull()
  })

  test('says that nothing was known where nothing was', async () => {
    const [world, other] = [await clinic(), await clinic()]
    const browser = createVault(memoryStorage())
    const forged = { clinicId: world.clinicId, statements: other.chain.statements }
    expect(await codeOf(browser.loadChain(forged))).toBe('CHAIN_INVALID')
    expect(await browser.refusedChain()).toMatchObject({ known: null, rootFingerprint: null })
    const broken = { ...other.chain, statements: [{ ...other.chain.statements[0]!, body: '?' }] }
    expect(await codeOf(browser.loadChain(broken))).toBe('CHAIN_INVALID')
    expect(await browser.refusedChain()).toMatchObject({ shown: null })
  })
})
