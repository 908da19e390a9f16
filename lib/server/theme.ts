import { cookies } from 'next/headers'

export type Theme = 'light' | 'dark'

/** The person's own choice, or null to follow the device. */
export async function requestTheme(): Promise<Theme | null> {
  const chosen = (await cookies()).get('theme')?.value
  return chosen === 'light' || chosen === 'dark' ? chosen : null
}
