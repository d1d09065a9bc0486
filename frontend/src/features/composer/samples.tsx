import { useState } from 'react'
import { showToast } from '@/lib/toast'

const SAMPLES = [
  {
    name: 'bar_chart.png',
    title: 'Bars to numbers',
    prompt: 'Read the values of this bar chart into a CSV and redraw it.',
  },
  {
    name: 'line_chart.png',
    title: 'Two lines, one table',
    prompt: 'Read both lines into a CSV, month by month.',
  },
  { name: 'table.png', title: 'Table to spreadsheet', prompt: 'Turn this table into a spreadsheet.' },
  {
    name: 'seeds.png',
    title: 'Count what lies there',
    prompt: 'How many seeds are there? Number them on the picture.',
  },
] as const

type Props = { onPick: (file: File, prompt: string) => void }

/** Pictures to try it with. A click fills picture and prompt, and sends nothing. */
export function Samples({ onPick }: Props) {
  const [busy, setBusy] = useState<string | null>(null)
  async function pick(sample: (typeof SAMPLES)[number]) {
    setBusy(sample.name)
    try {
      const response = await fetch(`/samples/${sample.name}`)
      if (!response.ok) throw new Error(`status ${response.status}`)
      onPick(new File([await response.blob()], sample.name, { type: 'image/png' }), sample.prompt)
    } catch {
      showToast({
        tone: 'error',
        title: 'The sample could not be loaded.',
        detail: 'Look at the connection, then try again.',
      })
    }
    setBusy(null)
  }
  return (
    <section aria-labelledby="samples">
      <h2 id="samples" className="mb-3 text-sm font-medium text-muted-foreground">
        No picture at hand? Take one of ours
      </h2>
      <ul className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        {SAMPLES.map((sample) => (
          <li key={sample.name}>
            <button
              type="button"
              disabled={busy !== null}
              onClick={() => void pick(sample)}
              className="group flex size-full flex-col overflow-hidden rounded-lg border bg-card text-left transition-colors hover:border-primary/60"
            >
              <span className="shelf block w-full p-2">
                <img
                  src={`/samples/${sample.name}`}
                  alt=""
                  width={320}
                  height={200}
                  className="h-20 w-full object-contain transition-[filter] duration-700 group-hover:filter-none sm:h-24 dark:brightness-85"
                />
              </span>
              <span className="block p-3">
                <span className="block text-sm font-medium">{sample.title}</span>
                <span className="mt-0.5 line-clamp-2 block text-xs text-muted-foreground">
                  {sample.prompt}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
