import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { cn } from '@/lib/utils'
import { logLines } from './ansi'

/** A piece of output. */
export type LogPart = { stream: 'stdout' | 'stderr'; text: string }

type Row = { stream: LogPart['stream']; text: string }
type Props = { parts: readonly LogPart[]; label: string; empty: string; live?: boolean; className?: string }

/** What code printed, of any length. It follows its end until one scrolls up. */
export function LogView({ parts, label, empty, live = false, className }: Props) {
  const rows = useMemo(
    () => parts.flatMap((part): Row[] => logLines(part.text).map((text) => ({ stream: part.stream, text }))),
    [parts],
  )
  const box = useRef<HTMLDivElement>(null)
  const [follows, setFollows] = useState(true)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => 20,
    overscan: 30,
    initialRect: { width: 800, height: 400 },
  })
  useEffect(() => {
    if (live && follows && rows.length > 0) virtual.scrollToIndex(rows.length - 1, { align: 'end' })
  }, [live, follows, rows.length, virtual])
  if (rows.length === 0)
    return (
      <p className="rounded-md border border-dashed p-6 text-center text-sm text-muted-foreground">{empty}</p>
    )
  return (
    <div className="relative">
      <div
        ref={box}
        role="log"
        aria-label={label}
        aria-live="off"
        tabIndex={0}
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget
          setFollows(scrollHeight - scrollTop - clientHeight < 40)
        }}
        className={cn(
          'scroll-thin max-h-[28rem] overflow-auto rounded-md border bg-code py-2 font-mono text-xs leading-5',
          className,
        )}
      >
        <div className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index]
            return (
              <div
                key={item.key}
                data-index={item.index}
                ref={virtual.measureElement}
                className={cn(
                  'absolute inset-x-0 min-h-5 px-3 whitespace-pre-wrap [overflow-wrap:anywhere]',
                  row?.stream === 'stderr' && 'border-l-2 border-warning pl-2.5 text-foreground/85',
                )}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {row?.text}
              </div>
            )
          })}
        </div>
      </div>
      {live && !follows && (
        <Button
          size="sm"
          variant="secondary"
          className="absolute right-3 bottom-3 shadow"
          onClick={() => setFollows(true)}
        >
          Jump to the latest
        </Button>
      )}
    </div>
  )
}
