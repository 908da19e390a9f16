/** First in the page: past the navigation to what the page is about. */
export const SkipLink = ({ children }: { children: string }) => (
  <a
    href="#main"
    className="fixed start-3 -top-20 z-50 rounded-control bg-accent px-5 py-3 font-semibold text-on-accent focus:top-3 focus:shadow-high print:hidden"
  >
    {children}
  </a>
)
