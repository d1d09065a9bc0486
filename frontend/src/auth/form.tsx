import { type ComponentProps, type FormEvent, type ReactNode, useState } from 'react'
import { ApiError, problemOf, readProblem } from '@/api/problem'
import { Button } from '@/components/ui/button'
import { Input } from '@/components/ui/input'

/** A field with its name above and, where there is one, a word about it below. */
export function Field({
  id,
  label,
  hint,
  ...props
}: ComponentProps<'input'> & { id: string; label: string; hint?: ReactNode }) {
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <Input id={id} name={id} required aria-describedby={hint ? `${id}-hint` : undefined} {...props} />
      {hint && (
        <p id={`${id}-hint`} className="text-sm text-muted-foreground">
          {hint}
        </p>
      )}
    </div>
  )
}

type Props = {
  action: string
  busy?: string
  /** Sends what was written; what it throws, or the sentence that it gives, is shown. */
  onSend: (fields: FormData) => Promise<string | null | undefined>
  children: ReactNode
}

/** A form of the door: sends, and says under its fields what was refused. */
export function DoorForm({ action, busy = 'Asking…', onSend, children }: Props) {
  const [error, setError] = useState<string | null>(null)
  const [sending, setSending] = useState(false)
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    setSending(true)
    setError(null)
    try {
      setError((await onSend(fields)) ?? null)
    } catch (thrown) {
      const { detail, advice } = problemOf(thrown)
      setError(`${detail} ${advice}`.trim())
    } finally {
      setSending(false)
    }
  }
  return (
    <form onSubmit={submit} className="grid gap-4 rounded-xl border bg-card p-5">
      {children}
      {error && (
        <p role="alert" className="text-sm text-destructive">
          {error}
        </p>
      )}
      <Button type="submit" size="lg" disabled={sending}>
        {sending ? busy : action}
      </Button>
    </form>
  )
}

/** Sends a form's fields to the server; throws `ApiError` where it refuses. */
export async function post(path: string, body: object): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' }
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new ApiError(await readProblem(response))
  return response
}
