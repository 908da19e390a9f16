/** ISO 3166-1 alpha-2, named by the browser in the reader's language. */
export const countries =
  'AD AE AF AG AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CL CM CN CO CR CU CV CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FR GA GB GD GE GH GM GN GQ GR GT GW GY HN HR HT HU ID IE IL IN IQ IR IS IT JM JO JP KE KG KH KI KM KN KP KR KW KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK ML MM MN MR MT MU MV MW MX MY MZ NA NE NG NI NL NO NP NR NZ OM PA PE PG PH PK PL PS PT PW PY QA RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR SS ST SV SY SZ TD TG TH TJ TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VN VU WS YE ZA ZM ZW'.split(
    ' ',
  )

const euro = 'AD AT BE CY DE EE ES FI FR GR HR IE IT LT LU LV MC ME MT NL PT SI SK SM VA'.split(' ')
const others: Record<string, string> = {
  GB: 'gbp',
  US: 'usd',
  CA: 'cad',
  CH: 'chf',
  LI: 'chf',
  AU: 'aud',
  NZ: 'nzd',
  JP: 'jpy',
  SE: 'sek',
  NO: 'nok',
  DK: 'dkk',
  PL: 'pln',
  CZ: 'czk',
  HU: 'huf',
  RO: 'ron',
  BG: 'bgn',
  IS: 'isk',
  TR: 'try',
  IN: 'inr',
  SG: 'sgd',
  ZA: 'zar',
  BR: 'brl',
  MX: 'mxn',
  IL: 'ils',
  AE: 'aed',
  MA: 'mad',
  TN: 'tnd',
  DZ: 'dzd',
  SN: 'xof',
  CI: 'xof',
  KE: 'kes',
  NG: 'ngn',
  EG: 'egp',
}

/** A guess that the form lets one change. */
export const currencyOf = (country: string) => (euro.includes(country) ? 'eur' : (others[country] ?? 'usd'))
