import { book } from '@/lib/desk/book'
import { claim } from '@/lib/desk/claim'
import * as flow from '@/lib/desk/flow'
import * as rules from '@/lib/desk/rules'
import * as series from '@/lib/desk/series'
import { action, type Actions } from '@/lib/server/action'

const large = { maxBytes: 2 * 1024 * 1024 }

export const deskActions = {
  'desk/options': action('staff', rules.OptionsInput, flow.options),
  'desk/times': action('staff', rules.TimesInput, flow.times),
  'desk/place': action('staff', rules.PlaceInput, flow.place),
  'desk/patients': action('staff', rules.PatientsInput, flow.patients),
  'desk/book': action('staff', rules.DeskBookInput, book, large),
  'desk/check': action('staff', rules.CheckInput, series.check),
  'desk/book-series': action('staff', rules.SeriesInput, series.bookSeries, large),
  'desk/later': action('staff', rules.LaterInput, series.later),
  'desk/cancel-later': action('staff', rules.CancelLaterInput, series.cancelLater),
  'desk/link': action('staff', rules.DeskLinkInput, flow.showLink),
  'desk/send': action('staff', rules.DeskLinkInput, flow.sendLink),
  'desk/claim': action('public', rules.ClaimInput, claim, large),
} satisfies Actions<rules.DeskContract>
