import type { DocumentView } from '@/lib/invoice/rules'

/** Makes the file on this device and hands it to the browser's downloads. The PDF's code is loaded only now. */
export async function savePdf(document: DocumentView, patient: string | null): Promise<void> {
  const { default: invoicePdf } = await import('./invoice-pdf')
  const url = URL.createObjectURL(await invoicePdf(document, patient))
  Object.assign(window.document.createElement('a'), { href: url, download: `${document.number}.pdf` }).click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
