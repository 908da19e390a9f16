import { door } from '../../actions/registry'

export const dynamic = 'force-dynamic'

export async function POST(request: Request, { params }: { params: Promise<{ domain: string; name: string }> }) {
  const { domain, name } = await params
  return door(request, `${domain}/${name}`)
}
