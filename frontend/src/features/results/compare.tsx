import { useState } from 'react'

type Props = { before: string; after: string; name: string }

/** Two pictures over each other, with an edge between them that can be moved by pointer and keys. */
export function Compare({ before, after, name }: Props) {
  const [share, setShare] = useState(50)
  const look = 'absolute inset-0 size-full object-contain'
  return (
    <div className="relative h-[26rem] overflow-hidden rounded-md select-none">
      <img src={after} alt={`After: ${name}`} className={look} draggable={false} />
      <div className="absolute inset-0 bg-card" style={{ clipPath: `inset(0 ${100 - share}% 0 0)` }}>
        <img src={before} alt="Before" className={look} draggable={false} />
      </div>
      <div
        aria-hidden
        className="pointer-events-none absolute inset-y-0 w-0.5 bg-primary"
        style={{ left: `calc(${share}% - 1px)` }}
      >
        <span className="absolute top-1/2 left-1/2 grid h-9 w-6 -translate-1/2 place-items-center rounded-full bg-primary text-primary-foreground">
          ↔
        </span>
      </div>
      <span aria-hidden className="absolute top-2 left-2 rounded bg-popover/85 px-1.5 py-0.5 text-xs">
        Before
      </span>
      <span aria-hidden className="absolute top-2 right-2 rounded bg-popover/85 px-1.5 py-0.5 text-xs">
        After
      </span>
      <input
        type="range"
        min={0}
        max={100}
        value={share}
        onChange={(event) => setShare(Number(event.target.value))}
        aria-label="How much of the picture before is shown"
        className="absolute inset-0 size-full cursor-ew-resize opacity-0 focus-visible:opacity-0 [&:focus-visible+span]:outline-2"
      />
      <span
        aria-hidden
        className="pointer-events-none absolute inset-0 rounded-md outline-offset-[-2px] outline-ring"
      />
    </div>
  )
}
