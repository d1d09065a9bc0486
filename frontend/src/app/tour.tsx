import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { cn } from '@/lib/utils'

const STEPS = [
  {
    title: 'Put a picture in',
    text: 'A chart, a table, a page, a photo: drop it, paste it or pick it. Say what you want, or nothing at all.',
    picture: '/samples/bar_chart.png',
    developed: 0.05,
  },
  {
    title: 'Watch it develop',
    text: 'Python is written for your picture, checked, and run in a sealed room on this machine. Every step is shown.',
    picture: '/samples/bar_chart.png',
    developed: 0.5,
  },
  {
    title: 'Check the print',
    text: 'You get numbers, a redrawn chart and the code. The proof lays each value back onto your picture, and marks what cannot be trusted.',
    picture: '/samples/bar_chart.png',
    developed: 1,
  },
] as const

/** Three steps that say what this is. */
export default function Tour({ onClose }: { onClose: () => void }) {
  const [index, setIndex] = useState(0)
  const step = STEPS[index] ?? STEPS[0]
  const last = index === STEPS.length - 1
  return (
    <Dialog title={step.title} onClose={onClose} className="w-[min(30rem,calc(100vw-2rem))]">
      <div className="overflow-auto px-5 pt-3 pb-5">
        <div className="tray grid place-items-center rounded-lg p-5">
          <img
            src={step.picture}
            alt=""
            width={960}
            height={600}
            className="developing h-auto max-h-44 w-auto rounded-sm"
            style={{ '--developed': step.developed } as React.CSSProperties}
          />
        </div>
        <p className="mt-4 min-h-16 text-muted-foreground">{step.text}</p>
        <div className="mt-4 flex items-center gap-2">
          <p className="flex gap-1.5">
            <span className="sr-only">
              Step {index + 1} of {STEPS.length}
            </span>
            {STEPS.map((one, i) => (
              <span
                key={one.title}
                aria-hidden
                className={cn('size-1.5 rounded-full bg-border', i === index && 'w-4 bg-primary')}
              />
            ))}
          </p>
          <Button variant="ghost" className="ml-auto" onClick={onClose}>
            Skip
          </Button>
          <Button onClick={() => (last ? onClose() : setIndex(index + 1))}>{last ? 'Begin' : 'Next'}</Button>
        </div>
      </div>
    </Dialog>
  )
}
