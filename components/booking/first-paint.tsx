/**
 * Before anything else runs: keeps the clinic's root fingerprint from the link's fragment (the next page's address has none),
 * and tells the server the patient's time zone. A page with times is asked for again, once, when it was made for another zone.
 */
export function FirstPaintScript(props: { clinicId: string; zone: string; timed: boolean; nonce: string | undefined }) {
  const facts = JSON.stringify([props.clinicId, props.zone, props.timed]).replaceAll('<', '\\u003c')
  const code = `(function(id,zone,timed){try{var k=/[#&]k=([\\w-]{43})(?![\\w-])/.exec(location.hash);if(k)localStorage.setItem('curtain:pin:'+id,k[1])}catch(e){}try{var z=Intl.DateTimeFormat().resolvedOptions().timeZone;if(z){document.cookie='tz='+z+';path=/;max-age=31536000;samesite=lax';if(timed&&z!==zone&&document.cookie.indexOf('tz='+z)>=0&&!/[?&]tz=1/.test(location.search)){location.replace(location.pathname+location.search+'&tz=1'+location.hash)}}}catch(e){}}).apply(null,${facts})`
  return <script nonce={props.nonce} suppressHydrationWarning dangerouslySetInnerHTML={{ __html: code }} />
}
