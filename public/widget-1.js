// Free times of a clinic, on the clinic's own site: a frame that keeps nothing and follows nobody. This file never changes: a clinic
// names its digest beside it, so that whoever runs the server cannot exchange it. What would be different gets another number.
;(() => {
  const script = document.currentScript
  const { clinic = '', key = '', title = '' } = script.dataset
  const home = new URL(script.src).origin
  if (!/^[a-z0-9-]{1,60}$/.test(clinic) || !/^[\w-]{43}$/.test(key)) {
    console.error('Curtain: data-clinic and data-key are to be as the clinic’s settings show them.')
    return
  }
  const frame = document.createElement('iframe')
  const zone = new URLSearchParams({ tz: Intl.DateTimeFormat().resolvedOptions().timeZone })
  frame.src = `${home}/w/${clinic}?${zone}`
  frame.title = title || clinic
  frame.referrerPolicy = 'no-referrer'
  // It can neither leave its place nor open a window: where a booking goes is decided here.
  frame.setAttribute('sandbox', 'allow-scripts allow-same-origin')
  Object.assign(frame.style, { width: '100%', height: '40rem', border: '0', colorScheme: 'auto' })
  addEventListener('message', ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== home || typeof data !== 'object' || !data) return
    if (data.curtain === 'height' && data.height > 0) frame.style.height = `${Math.min(data.height, 5000)}px`
    if (data.curtain !== 'book') return
    const wish = new URLSearchParams(String(data.query))
    const query = new URLSearchParams()
    for (const name of ['service', 'practitioner', 'site', 'from', 'day', 'slot'])
      if (wish.has(name)) query.set(name, wish.get(name))
    // The page of its own knows by the key that it is this clinic, whatever the server says.
    location.assign(`${home}/c/${clinic}?${query}#k=${key}`)
  })
  script.after(frame)
})()
