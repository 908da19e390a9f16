import { codes } from '@/lib/errors'
import { readShare } from '@/lib/prescription/flow'
import { addressOf } from '@/lib/server/action'

/** The pharmacist's copy, as ciphertext. Its key is in the fragment of the page that asks, and never comes here. */
export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }) {
  const result = await readShare((await params).id, { now: new Date(), ip: addressOf(request) })
  return Response.json(result, {
    status: result.ok ? 200 : codes[result.code],
    headers: { 'cache-control': 'no-store' },
  })
}
