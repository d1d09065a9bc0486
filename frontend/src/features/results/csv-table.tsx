import { useVirtualizer } from '@tanstack/react-virtual'
import Papa from 'papaparse'
import { useMemo, useRef } from 'react'
import { cn } from '@/lib/utils'

const MAX_ROWS = 50_000
const MAX_COLUMNS = 200
const MAX_CHARS = 5_000_000

/** The part of a table that is shown, and how much there is. */
export function readCsv(text: string): { head: string[]; rows: string[][]; cut: boolean } {
  const cutText = text.length > MAX_CHARS
  const { data } = Papa.parse<string[]>(cutText ? text.slice(0, MAX_CHARS) : text, {
    skipEmptyLines: true,
    preview: MAX_ROWS + 1,
  })
  const wide = data.some((row) => row.length > MAX_COLUMNS)
  const kept = wide ? data.map((row) => row.slice(0, MAX_COLUMNS)) : data
  const [head = [], ...rows] = kept
  const columns = Math.min(MAX_COLUMNS, Math.max(head.length, ...rows.slice(0, 100).map((row) => row.length)))
  const names = Array.from({ length: columns }, (_, i) => head[i] ?? '')
  return { head: names, rows, cut: cutText || wide || rows.length >= MAX_ROWS }
}

const isNumber = (cell: string | undefined) =>
  cell !== undefined && /^\s*[-+]?[\d.,]+(e[-+]?\d+)?\s*%?$/i.test(cell)

/** A table of any length. Cells are text; formulas in them stay text. */
export default function CsvTable({
  text,
  caption,
  className,
}: {
  text: string
  caption: string
  className?: string
}) {
  const { head, rows, cut } = useMemo(() => readCsv(text), [text])
  const box = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => 32,
    overscan: 16,
    initialRect: { width: 800, height: 400 },
  })
  const right = head.map((_, i) => rows.slice(0, 20).every((row) => isNumber(row[i])) && rows.length > 0)
  const columns = { gridTemplateColumns: `repeat(${head.length}, minmax(6.5rem, 1fr))` }
  const cell = (i: number) => cn('truncate px-3 py-1.5', right[i] && 'text-right tabular-nums')
  return (
    <div>
      <div
        ref={box}
        tabIndex={0}
        role="region"
        aria-label={`Table ${caption}`}
        className={cn('scroll-thin max-h-[28rem] overflow-auto rounded-md border text-sm', className)}
      >
        <div
          role="table"
          aria-label={caption}
          aria-rowcount={rows.length + 1}
          aria-colcount={head.length}
          className="min-w-fit"
        >
          <div role="rowgroup" className="sticky top-0 z-10">
            <div role="row" aria-rowindex={1} className="grid border-b bg-muted font-medium" style={columns}>
              {head.map((name, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns have no other identity
                <div role="columnheader" key={i} className={cell(i)} title={name}>
                  {name}
                </div>
              ))}
            </div>
          </div>
          <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => (
              <div
                role="row"
                aria-rowindex={item.index + 2}
                key={item.key}
                className="absolute inset-x-0 grid border-b last:border-0 hover:bg-accent/40"
                style={{ ...columns, height: item.size, transform: `translateY(${item.start}px)` }}
              >
                {head.map((_, i) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns have no other identity
                  <div role="cell" key={i} className={cell(i)} title={rows[item.index]?.[i]}>
                    {rows[item.index]?.[i] ?? ''}
                  </div>
                ))}
              </div>
            ))}
          </div>
        </div>
      </div>
      {cut && (
        <p className="mt-1 text-xs text-muted-foreground">
          Only the first part is shown. Save the file to have all of it.
        </p>
      )}
    </div>
  )
}
