/** A note as it was typed: lines, and lines that end in a colon as small headings. Text only, whatever it says. */
export const RichText = ({ text }: { text: string }) => (
  <div className="flex flex-col gap-0.5">
    {text.split('\n').map((line, index) =>
      /^[^\s].{0,40}:$/.test(line.trim()) ? (
        <p key={index} className="mt-2 font-semibold first:mt-0">
          {line.trim()}
        </p>
      ) : (
        <p key={index} className="min-h-2 whitespace-pre-wrap">
          {line}
        </p>
      ),
    )}
  </div>
)
