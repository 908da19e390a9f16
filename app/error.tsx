'use client'

/**
 * Something threw while a page was drawn. It may have been anything, the messages included, so the words are here, in every
 * language we have, and nothing but the reference of the log line is told.
 */
export default function Broken({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const french = typeof document !== 'undefined' && document.documentElement.lang === 'fr'
  return (
    <main className="mx-auto max-w-prose px-5 py-16">
      <div className="folds mb-8 h-2 w-24 rounded-full" aria-hidden />
      <h1 className="text-3xl">
        {french ? 'Un problème est survenu de notre côté' : 'Something went wrong on our side'}
      </h1>
      <p className="mt-4 text-lg text-soft">
        {french
          ? 'Ce que vous avez saisi est gardé sur cet appareil. Réessayez ; si cela se reproduit, contactez votre clinique.'
          : 'What you typed is kept on this device. Try again; if it keeps happening, contact your clinic.'}
      </p>
      <button
        type="button"
        onClick={reset}
        className="mt-6 min-h-12 rounded-control bg-accent px-6 font-semibold text-on-accent hover:bg-accent-deep"
      >
        {french ? 'Réessayer' : 'Try again'}
      </button>
      {error.digest ? (
        <p className="mt-6 text-sm text-soft">
          {french ? 'Référence : ' : 'Reference: '}
          <span className="font-mono select-all">{error.digest}</span>
        </p>
      ) : null}
    </main>
  )
}
