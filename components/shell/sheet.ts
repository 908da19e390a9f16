import { createContext } from 'react'

/** Closes the sheet that something lies in; does nothing outside of one. */
export const CloseSheet = createContext<() => void>(() => undefined)
