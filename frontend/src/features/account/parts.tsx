import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useId } from 'react'
import { problemOf } from '@/api/problem'
import { Card } from '@/components/ui/card'
import { Input } from '@/components/ui/input'
import { showToast } from '@/lib/toast'

/** A part of the settings under its heading. */
export function Section({
  title,
  lead,
  children,
}: {
  title: ReactNode
  lead?: ReactNode
  children: ReactNode
}) {
  const id = useId()
  return (
    <section aria-labelledby={id} className="min-w-0">
      <h2 id={id} className="mb-3 font-display text-2xl">
        {title}
      </h2>
      {lead && <p className="mb-3 max-w-2xl text-sm text-muted-foreground">{lead}</p>}
      <Card className="p-5">{children}</Card>
    </section>
  )
}

/** A change in the settings: what it changes (`account`, `notices`) is asked for again, what is refused is said. */
export function useChange<Given, Got = unknown>(
  change: (given: Given) => Promise<Got>,
  done?: (got: Got, given: Given) => void,
  changes = 'account',
) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: (got, given) => {
      void cache.invalidateQueries({ queryKey: [changes] })
      done?.(got, given)
    },
    onError: (error) => {
      const { detail, advice } = problemOf(error)
      showToast({ tone: 'error', title: detail, detail: advice })
    },
  })
}

/** A secret that is shown this once, to be copied. */
export function Once({ label, secret, children }: { label: string; secret: string; children: ReactNode }) {
  return (
    <div role="status" className="grid gap-2 rounded-lg border border-primary/50 bg-primary/8 p-4 text-sm">
      <p className="font-medium">{children}</p>
      <div className="flex flex-wrap items-center gap-2">
        <Input
          readOnly
          aria-label={label}
          value={secret}
          onFocus={(event) => event.target.select()}
          className="flex-1 basis-60 font-mono text-xs"
        />
        <button
          type="button"
          className="h-9 rounded-md border px-3 font-medium hover:bg-accent pointer-coarse:h-11"
          onClick={() => {
            void navigator.clipboard
              ?.writeText(secret)
              .then(() => showToast({ tone: 'success', title: 'Copied.' }))
              .catch(() =>
                showToast({
                  tone: 'error',
                  title: 'The browser did not allow copying. Mark it and copy it.',
                }),
              )
          }}
        >
          Copy
        </button>
      </div>
    </div>
  )
}
