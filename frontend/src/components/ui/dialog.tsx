import { XIcon } from 'lucide-react'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { cn } from '@/lib/utils'

type Props = {
  title: string
  hideTitle?: boolean
  onClose: () => void
  className?: string
  children: ReactNode
}

/**
 * A modal dialog while it is mounted. It is the browser's own: the rest of the page is inert, Escape closes it, and the
 * focus returns to where it was.
 */
export function Dialog({ title, hideTitle, onClose, className, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const element = dialog.current
    const before = document.activeElement
    if (element && !element.open) element.showModal()
    return () => {
      element?.close()
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the dialog; keys have Escape and the button
    <dialog
      ref={dialog}
      data-slot="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => event.target === event.currentTarget && onClose()}
      className={cn(
        'm-auto w-[min(32rem,calc(100vw-2rem))] animate-rise rounded-xl border bg-popover p-0 text-popover-foreground shadow-2xl',
        className,
      )}
    >
      <div className="flex max-h-[calc(100dvh-2rem)] flex-col">
        <div className={cn('flex items-center justify-between gap-4 px-5 pt-4', hideTitle && 'sr-only')}>
          <h2 id={id} className="font-display text-2xl">
            {title}
          </h2>
          <button
            type="button"
            onClick={onClose}
            aria-label="Close"
            className="-mr-2 grid size-9 place-items-center rounded-md hover:bg-accent"
          >
            <XIcon aria-hidden className="size-4" />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  )
}
