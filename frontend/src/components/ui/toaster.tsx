import { CheckIcon, CircleAlertIcon, InfoIcon, XIcon } from 'lucide-react'
import { dismissToast, useToasts } from '@/lib/toast'
import { cn } from '@/lib/utils'
import { Button } from './button'

const ICONS = {
  success: <CheckIcon className="text-success" />,
  error: <CircleAlertIcon className="text-destructive" />,
  info: <InfoIcon className="text-info" />,
}

/** Short messages in the corner. */
export function Toaster() {
  const toasts = useToasts()
  return (
    <section
      aria-label="Messages"
      className="pointer-events-none fixed inset-x-4 bottom-20 z-50 grid justify-items-end gap-2 sm:bottom-4"
    >
      {toasts.map((toast) => (
        <div
          key={toast.id}
          role={toast.tone === 'error' ? 'alert' : 'status'}
          className="pointer-events-auto flex w-full max-w-sm animate-rise items-start gap-3 rounded-lg border bg-popover p-3 shadow-xl"
        >
          <span aria-hidden className="mt-0.5 [&_svg]:size-4">
            {ICONS[toast.tone]}
          </span>
          <div className="min-w-0 flex-1 text-sm">
            <p className="font-medium break-words">{toast.title}</p>
            {toast.detail && <p className="break-words text-muted-foreground">{toast.detail}</p>}
            {toast.action && (
              <Button
                variant="outline"
                size="sm"
                className="mt-2"
                onClick={() => {
                  toast.action?.run()
                  dismissToast(toast.id)
                }}
              >
                {toast.action.label}
              </Button>
            )}
          </div>
          <button
            type="button"
            aria-label="Dismiss"
            onClick={() => dismissToast(toast.id)}
            className={cn('-m-1 grid size-7 shrink-0 place-items-center rounded hover:bg-accent')}
          >
            <XIcon aria-hidden className="size-4" />
          </button>
        </div>
      ))}
    </section>
  )
}
