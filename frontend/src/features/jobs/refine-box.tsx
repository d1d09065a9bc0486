import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useLocation, useNavigate } from 'react-router'
import { useSend } from '@/api/context'
import { ProblemAlert } from '@/components/problem-alert'
import { Button } from '@/components/ui/button'
import { Textarea } from '@/components/ui/input'
import { refineJob } from './api'

/** Asks for a change of what was made: a new job on the same pictures that knows this one. */
export function RefineBox({ id }: { id: string }) {
  const send = useSend()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const [wish, setWish] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  const { hash } = useLocation()
  // Whoever comes here to say it differently can begin at once.
  useEffect(() => {
    if (hash === '#refine') field.current?.focus()
  }, [hash])
  const refine = useMutation({
    mutationFn: () => refineJob(send, id, wish.trim()),
    onSuccess: (job) => {
      setWish('')
      void cache.invalidateQueries({ queryKey: ['jobs'] })
      void navigate(`/jobs/${job.id}`)
    },
  })
  const ready = wish.trim() !== '' && !refine.isPending
  return (
    <form
      aria-label="Change something"
      className="grid gap-2 rounded-xl border bg-card p-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) refine.mutate()
      }}
    >
      <label htmlFor="refine" className="px-1 text-sm font-medium">
        Change something
      </label>
      <div className="flex flex-wrap items-end gap-2">
        <Textarea
          ref={field}
          id="refine"
          rows={1}
          value={wish}
          onChange={(event) => setWish(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || !ready) return
            event.preventDefault()
            refine.mutate()
          }}
          placeholder="Only the years from 2010. Sort by value. Use a log axis."
          className="field-sizing-content max-h-40 min-w-0 flex-1 basis-56 resize-none"
        />
        <Button type="submit" disabled={!ready}>
          {refine.isPending ? 'Sending…' : 'Refine'}
        </Button>
      </div>
      {refine.isError && <ProblemAlert error={refine.error} onRetry={() => refine.mutate()} />}
    </form>
  )
}
