import { type ReactNode, useId } from 'react'

/** Words that not everybody knows, said plainly. */
export const TERMS = {
  sandbox:
    'A sealed room on this machine: code in it has no network, sees no files but the ones given to it, and is stopped at its limits.',
  review:
    'Before code runs, three checks read it: ruff (mistakes), bandit (dangerous calls) and this server’s own policy.',
  calibration: 'The rule that turns pixels into values, fitted through the marks of an axis.',
  residual: 'How far the value, drawn back onto the picture, lies from where it was seen. Small is good.',
  trusted:
    'The value could be checked against the picture. One that could not stays in the data but is marked.',
  attempt: 'One version of the code. A failed or blocked one is repaired in the next.',
  tokens:
    'Pieces of text that a language model reads and writes; providers charge by them. The built-in rules use none.',
  breaker: 'A model that keeps failing is left alone for a while, so that jobs do not wait for it.',
  warm: 'Python had already started and loaded its libraries, so the code began at once.',
  stdout: 'What the code printed.',
  stderr: 'What the code, or Python, printed as errors and warnings.',
} as const

/** A technical word with its plain meaning, by hover, focus or tap. */
export function Term({ of, children }: { of: keyof typeof TERMS; children: ReactNode }) {
  const id = useId()
  return (
    <span className="group/term relative inline-block">
      <button
        type="button"
        popoverTarget={id}
        aria-label={`What is ${typeof children === 'string' ? children : of}?`}
        className="cursor-help underline decoration-muted-foreground/60 decoration-dotted underline-offset-4"
        title={TERMS[of]}
      >
        {children}
      </button>
      <span
        id={id}
        popover="auto"
        className="m-auto max-w-[min(24rem,calc(100vw-2rem))] rounded-lg border bg-popover p-4 text-sm font-normal whitespace-normal text-popover-foreground normal-case shadow-xl"
      >
        {TERMS[of]}
      </span>
    </span>
  )
}
