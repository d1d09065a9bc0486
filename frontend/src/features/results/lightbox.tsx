import { MaximizeIcon, ZoomInIcon, ZoomOutIcon } from 'lucide-react'
import { type PointerEvent, useEffect, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'

const STEPS = [1, 1.5, 2, 3, 4, 6, 8]

/** A picture as large as the window, to be zoomed by buttons, keys and wheel, and moved by dragging. */
export default function Lightbox({ src, name, onClose }: { src: string; name: string; onClose: () => void }) {
  const [step, setStep] = useState(0)
  const box = useRef<HTMLDivElement>(null)
  const drag = useRef<{ x: number; y: number; left: number; top: number } | null>(null)
  const zoom = STEPS[step] ?? 1
  const change = (by: number) => setStep((now) => Math.min(STEPS.length - 1, Math.max(0, now + by)))
  useEffect(() => {
    const element = box.current
    if (!element) return
    // React's wheel listeners are passive; this one must keep the page from scrolling.
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey && event.deltaMode === 0 && Math.abs(event.deltaY) < 4) return
      event.preventDefault()
      setStep((now) => Math.min(STEPS.length - 1, Math.max(0, now + (event.deltaY < 0 ? 1 : -1))))
    }
    element.addEventListener('wheel', onWheel, { passive: false })
    return () => element.removeEventListener('wheel', onWheel)
  }, [])
  const onMove = (event: PointerEvent) => {
    if (!drag.current || !box.current) return
    box.current.scrollLeft = drag.current.left - (event.clientX - drag.current.x)
    box.current.scrollTop = drag.current.top - (event.clientY - drag.current.y)
  }
  return (
    <Dialog title={name} onClose={onClose} className="h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] max-w-none">
      <div
        ref={box}
        role="region"
        aria-label={`${name}, zoomed ${zoom} times`}
        tabIndex={0}
        className="checker mt-3 min-h-0 flex-1 cursor-grab overflow-auto active:cursor-grabbing"
        style={{ height: 'calc(100dvh - 10rem)' }}
        onKeyDown={(event) => {
          if (event.key === '+' || event.key === '=') change(1)
          if (event.key === '-') change(-1)
          if (event.key === '0') setStep(0)
        }}
        onPointerDown={(event) => {
          if (event.pointerType !== 'mouse' || !box.current) return
          drag.current = {
            x: event.clientX,
            y: event.clientY,
            left: box.current.scrollLeft,
            top: box.current.scrollTop,
          }
          event.currentTarget.setPointerCapture(event.pointerId)
        }}
        onPointerMove={onMove}
        onPointerUp={() => {
          drag.current = null
        }}
      >
        <img
          src={src}
          alt={name}
          draggable={false}
          className="mx-auto block object-contain"
          style={{
            width: `${zoom * 100}%`,
            height: `calc((100dvh - 10rem) * ${zoom})`,
            imageRendering: zoom >= 4 ? 'pixelated' : 'auto',
            maxWidth: 'none',
          }}
        />
      </div>
      <div className="flex items-center justify-center gap-2 p-3">
        <Button
          variant="outline"
          size="icon"
          aria-label="Smaller"
          disabled={step === 0}
          onClick={() => change(-1)}
        >
          <ZoomOutIcon aria-hidden />
        </Button>
        <span className="w-14 text-center text-sm tabular-nums">{Math.round(zoom * 100)} %</span>
        <Button
          variant="outline"
          size="icon"
          aria-label="Larger"
          disabled={step === STEPS.length - 1}
          onClick={() => change(1)}
        >
          <ZoomInIcon aria-hidden />
        </Button>
        <Button variant="outline" size="icon" aria-label="Fit the window" onClick={() => setStep(0)}>
          <MaximizeIcon aria-hidden />
        </Button>
      </div>
    </Dialog>
  )
}
