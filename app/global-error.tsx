'use client'
import Broken from './error'
import './globals.css'

/** The frame itself failed: a document of its own. */
export default function GlobalBroken(props: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Curtain</title>
        <Broken {...props} />
      </body>
    </html>
  )
}
