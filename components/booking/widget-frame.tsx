/** What the frame on a clinic's own site says to the script around it: how high it is, and which time was chosen. */
export function WidgetFrameScript({ nonce }: { nonce: string | undefined }) {
  const code = `(function(){function tell(word){parent.postMessage(word,'*')}addEventListener('click',function(event){var link=event.target.closest&&event.target.closest('a[href]');if(!link)return;var query=new URL(link.href).searchParams;if(!query.has('slot'))return;event.preventDefault();tell({curtain:'book',query:query.toString()})});var main=document.getElementById('main');new ResizeObserver(function(){tell({curtain:'height',height:main.offsetHeight})}).observe(main)})()`
  return <script nonce={nonce} suppressHydrationWarning dangerouslySetInnerHTML={{ __html: code }} />
}
