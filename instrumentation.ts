/** Runs once when the server starts: from then on nothing but codes and ids reaches its output. */
export async function register() {
  if (process.env.NEXT_RUNTIME !== 'nodejs' || process.env.NODE_ENV !== 'production') return
  const { quietConsole } = await import('./lib/server/log.ts')
  quietConsole()
}
