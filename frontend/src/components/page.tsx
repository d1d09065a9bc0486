import { type ReactNode, useEffect, useRef } from 'react'
import { cn } from '@/lib/utils'

type Props = {
  title: ReactNode
  /** What the browser's tab says. */
  name: string
  lead?: ReactNode
  actions?: ReactNode
  className?: string
  children: ReactNode
}

/** Names the browser's tab while the page is there. */
export function useDocumentTitle(name: string) {
  useEffect(() => {
    document.title = name ? `${name} · Darkroom` : 'Darkroom'
  }, [name])
}

/** A heading that takes the focus when its page opens, so that screen readers begin there. */
export function PageHeading({ children, className }: { children: ReactNode; className?: string }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    // Not on the first page: there the browser begins at the top.
    if (window.history.state?.idx > 0) heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <h1
      ref={heading}
      tabIndex={-1}
      className={cn('font-display text-4xl tracking-tight outline-none sm:text-5xl', className)}
    >
      {children}
    </h1>
  )
}

/** A page with its heading. */
export function Page({ title, name, lead, actions, className, children }: Props) {
  useDocumentTitle(name)
  return (
    <div className={cn('mx-auto w-full max-w-6xl px-4 py-8 sm:px-6', className)}>
      <div className="mb-6 flex flex-wrap items-end justify-between gap-4">
        <div className="min-w-0">
          <PageHeading>{title}</PageHeading>
          {lead && <p className="mt-2 max-w-2xl text-pretty text-muted-foreground">{lead}</p>}
        </div>
        {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
      {children}
    </div>
  )
}
