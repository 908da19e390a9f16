/**
 * What is wrong stands where it is, which may be far above the button that was pressed: a field that is wrong gets the focus, a sentence
 * (`data-said`) is brought in sight. Both have to be on the page already.
 */
export function showFault(form: HTMLFormElement | null): void {
  const field = form?.querySelector<HTMLElement>('[aria-invalid="true"]')
  if (field) field.focus()
  // Before what stands there as long as the choice does.
  else (form?.querySelector('p[data-said]') ?? form?.querySelector('[data-said]'))?.scrollIntoView({ block: 'center' })
}
