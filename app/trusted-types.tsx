import { headers } from 'next/headers'

/**
 * The one Trusted Types policy. Next loads its chunks by script URL and makes script elements by the HTML `<script></script>`:
 * these two pass, and nothing else that becomes code or markup does. First child of <head>, before any script of Next's.
 * zod is told not to try whether it may compile code: it may not, and each try would be reported as a violation.
 * (The backslashes keep the words from ending this very script.)
 */
const policy = `(()=>{
self.__zod_globalConfig={jitless:true}
if(!self.trustedTypes)return
const ours=(url)=>{const at=new URL(url,location.href);return at.origin===location.origin&&at.pathname.startsWith('/_next/static/')}
trustedTypes.createPolicy('default',{
createScriptURL:(url)=>ours(url)?url:null,
createHTML:(html)=>html==='\\x3cscript>\\x3c/script>'?html:null,
createScript:()=>null})
})()`

export async function TrustedTypes() {
  const nonce = (await headers()).get('x-nonce') ?? undefined
  // The browser hides a nonce from scripts once it has used it, so hydration sees another one.
  return <script nonce={nonce} suppressHydrationWarning dangerouslySetInnerHTML={{ __html: policy }} />
}
