/**
 * The one Trusted Types policy, made before any other module of a page runs. Next loads its chunks by script URL and makes script
 * elements by the HTML `<script></script>`: these two pass, and nothing else that becomes code or markup does. Here, and not in a
 * script of the page's own, since a page that answers "not found" comes without our layout.
 * zod is told not to try whether it may compile code: it may not, and each try would be reported as a violation.
 */
interface PolicyFactory {
  createPolicy(name: 'default', rules: Record<string, (text: string) => string | null>): unknown
}

Object.assign(globalThis, { __zod_globalConfig: { jitless: true } })

const { trustedTypes } = globalThis as { trustedTypes?: PolicyFactory }
trustedTypes?.createPolicy('default', {
  createScriptURL: (url) => {
    const at = new URL(url, location.href)
    return at.origin === location.origin && at.pathname.startsWith('/_next/static/') ? url : null
  },
  createHTML: (html) => (html === '<script></script>' ? html : null),
  createScript: () => null,
})
