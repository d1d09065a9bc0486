import { type KeyboardEvent, type ReactNode, useEffect, useId } from 'react'
import { cn } from '@/lib/utils'

/** One tab: its key, its name, and a small mark beside it (a count). */
export type TabItem = { key: string; label: string; mark?: ReactNode }

type Props = {
  label: string
  items: readonly TabItem[]
  value: string
  onChange: (key: string) => void
  className?: string
  children: ReactNode
}

/** Tabs by WAI-ARIA's pattern: arrows, Home and End move along them. The panel below is the child. */
export function Tabs({ label, items, value, onChange, className, children }: Props) {
  const id = useId()
  // Where there is no room for all, the one that is shown is within sight.
  useEffect(() => {
    document.getElementById(`${id}-${value}`)?.scrollIntoView?.({ block: 'nearest', inline: 'nearest' })
  }, [id, value])
  const onKey = (event: KeyboardEvent) => {
    const index = items.findIndex((item) => item.key === value)
    const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: items.length - 1 }[event.key]
    const next = to === undefined ? undefined : items[(to + items.length) % items.length]
    if (!next) return
    event.preventDefault()
    onChange(next.key)
    document.getElementById(`${id}-${next.key}`)?.focus()
  }
  return (
    <div data-slot="tabs" className={cn('flex min-w-0 flex-col', className)}>
      <div
        role="tablist"
        aria-label={label}
        className="scroll-thin -mb-px flex gap-1 overflow-x-auto overflow-y-hidden border-b"
      >
        {items.map((item) => (
          <button
            key={item.key}
            id={`${id}-${item.key}`}
            type="button"
            role="tab"
            aria-selected={item.key === value}
            aria-controls={`${id}-panel`}
            tabIndex={item.key === value ? 0 : -1}
            onKeyDown={onKey}
            onClick={() => onChange(item.key)}
            className={cn(
              'relative flex h-10 shrink-0 items-center gap-1.5 rounded-t-md px-3 text-sm font-medium text-muted-foreground outline-offset-[-3px] transition-colors hover:text-foreground pointer-coarse:h-11',
              'after:absolute after:inset-x-2 after:bottom-0 after:h-0.5 after:rounded-full after:bg-primary after:opacity-0 after:transition-opacity',
              item.key === value && 'text-foreground after:opacity-100',
            )}
          >
            {item.label}
            {item.mark}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${value}`}
        tabIndex={-1}
        className="min-w-0 flex-1 pt-4 outline-none"
      >
        {children}
      </div>
    </div>
  )
}
