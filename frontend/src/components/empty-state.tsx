import type { ReactNode } from 'react'

/** Says why there is nothing here, and what to do. */
export const EmptyState = ({ title, children }: { title: string; children?: ReactNode }) => (
  <div className="grid place-items-center gap-3 rounded-xl border border-dashed px-6 py-16 text-center">
    <p className="font-display text-2xl">{title}</p>
    {children && (
      <div className="grid max-w-md justify-items-center gap-3 text-sm text-muted-foreground">{children}</div>
    )}
  </div>
)
