const MOST = 1024

/** What `make` gave for this name before, else what it gives now: keys are imported once. Failures are not kept. */
export function kept<T>(all: Map<string, Promise<T>>, name: string, make: () => Promise<T>): Promise<T> {
  const known = all.get(name)
  if (known) return known
  const fresh = make()
  if (all.size >= MOST) all.clear()
  all.set(name, fresh)
  fresh.catch(() => all.delete(name))
  return fresh
}
