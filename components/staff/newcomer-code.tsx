/** Four words that mean nothing, to be read aloud. */
export function NewcomerCode({ words, label }: { words: readonly string[]; label: string }) {
  return (
    <div className="rounded-card bg-sunken p-4 text-center">
      <p className="text-sm text-soft">{label}</p>
      <p data-newcomer-code className="mt-1 text-2xl font-semibold break-words" translate="no">
        {words.join(' ')}
      </p>
    </div>
  )
}
