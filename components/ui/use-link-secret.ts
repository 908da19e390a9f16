'use client'
import { useEffect, useState } from 'react'

/** The secret in the fragment of a link, as long as it is there: undefined before the browser has looked, null where there is none. */
export function useLinkSecret(): string | null | undefined {
  const [secret, setSecret] = useState<string | null | undefined>(undefined)
  useEffect(() => {
    const begin = () => setSecret(/[#&]s=([\w-]{20,64})/.exec(location.hash)?.[1] ?? null)
    begin()
    addEventListener('hashchange', begin)
    return () => removeEventListener('hashchange', begin)
  }, [])
  return secret
}
