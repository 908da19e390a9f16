/**
 * Before anything else runs: keeps the clinic's root fingerprint from the link's fragment (the next page's address has none),
 * and tells the server the patient's time zone. A page with times is asked for again, once, when it was made for another zone.
 *
 * A fingerprint is kept for good only where none is kept and it is that of the clinic shown: any site may carry a link to a
 * clinic with a key of its own making, and must neither replace what this device knows nor shut the clinic for good. Until
 * the tab is closed it is compared all the same. A link opened over this page is a link: the page begins again with it, also where
 * a tap has left the address before the event is heard.
 */
export function FirstPaintScript(props: {
  clinicId: string
  root: string | null
  zone: string
  timed: boolean
  nonce: string | undefined
}) {
  const facts = JSON.stringify([props.clinicId, props.root, props.zone, props.timed]).replaceAll('<', '\\u003c')
  const code = `(function(id,root,zone,timed){function keep(hash){try{var k=/[#&]k=([\\w-]{43})(?![\\w-])/.exec(hash);if(!k)return false;var link='curtain:link:'+id,pin='curtain:pin:'+id,before=sessionStorage.getItem(link);sessionStorage.setItem(link,k[1]);if(k[1]===root&&!localStorage.getItem(pin))localStorage.setItem(pin,k[1]);return before!==k[1]}catch(e){return false}}keep(location.hash);addEventListener('hashchange',function(e){if(keep(new URL(e.newURL).hash))location.reload()});try{var z=Intl.DateTimeFormat().resolvedOptions().timeZone;if(z){document.cookie='tz='+z+';path=/;max-age=31536000;samesite=lax';if(timed&&z!==zone&&document.cookie.indexOf('tz='+z)>=0&&!/[?&]tz=1/.test(location.search)){location.replace(location.pathname+location.search+'&tz=1'+location.hash)}}}catch(e){}}).apply(null,${facts})`
  return <script nonce={props.nonce} suppressHydrationWarning dangerouslySetInnerHTML={{ __html: code }} />
}
