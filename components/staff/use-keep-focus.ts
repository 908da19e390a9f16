import { useEffect } from 'react'

const places = 'section, form, li, [role=group], [role=dialog], main'

/**
 * What was pressed is often gone by what it did: a row that left a list, the form that became a page. The focus then goes to the
 * nearest place around it that is still there, and not to the top of the document.
 */
export function useKeepFocus() {
  useEffect(() => {
    let last: Element | null = null
    let around: HTMLElement[] = []
    const remember = ({ target }: FocusEvent) => {
      if (!(target instanceof Element) || target === document.body) return
      last = target
      around = []
      for (let at = target.parentElement; at; at = at.parentElement) if (at.matches(places)) around.push(at)
    }
    const keep = () => {
      if (!last || last.isConnected || document.activeElement !== document.body) return
      const place = around.find((each) => each.isConnected) ?? document.querySelector('main')
      last = null
      if (!place) return
      if (!place.hasAttribute('tabindex')) place.tabIndex = -1
      place.focus({ preventScroll: true })
    }
    const changes = new MutationObserver(keep)
    document.addEventListener('focusin', remember)
    changes.observe(document.body, { childList: true, subtree: true })
    return () => {
      document.removeEventListener('focusin', remember)
      changes.disconnect()
    }
  }, [])
}
