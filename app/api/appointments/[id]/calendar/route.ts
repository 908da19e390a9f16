import { downloadCalendar } from '@/lib/booking/download'

export const dynamic = 'force-dynamic'

interface Context {
  params: Promise<{ id: string }>
}

/** The appointment as a calendar file: for the patient's own session, by a plain link. */
export const GET = async (request: Request, { params }: Context) => downloadCalendar(request, (await params).id)

/** The same for whoever holds the appointment's link; its secret is in the body, since addresses are logged and kept. */
export const POST = GET
