import localFont from 'next/font/local'

/** Hedvig Letters Serif (OFL): a flared letter, cut like cloth over a rail. Titles only; Latin for English and French, 15 kB. */
export const titleFont = localFont({
  src: './fonts/hedvig-letters-serif.woff2',
  weight: '400',
  display: 'swap',
  variable: '--font-title',
  adjustFontFallback: 'Times New Roman',
  preload: false,
})

/** Atkinson Hyperlegible Next (OFL), 400 to 700: letters that stay apart for people who see poorly; 16 kB. */
export const textFont = localFont({
  src: './fonts/atkinson-hyperlegible-next.woff2',
  weight: '400 700',
  display: 'swap',
  variable: '--font-text',
  adjustFontFallback: 'Arial',
  preload: false,
})
