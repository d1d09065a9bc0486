import { useQueryClient } from '@tanstack/react-query'
import { DownloadIcon } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useApi } from '@/api/context'
import { useAuth } from '@/auth/context'
import { Confirm } from '@/components/confirm'
import { Button } from '@/components/ui/button'
import { Input } from '@/components/ui/input'
import { useSave } from '@/features/results/save'
import { showToast } from '@/lib/toast'
import { Section, useChange } from './parts'

/** The word that has to be typed to have everything deleted. */
const WORD = 'delete'

function Erase() {
  const api = useApi()
  const cache = useQueryClient()
  const [word, setWord] = useState('')
  const erase = useChange(
    () => api.DELETE('/api/v1/me/data', { body: { confirm: WORD } }),
    () => {
      setWord('')
      // Lists, pictures and results of what is gone must not stay on any page.
      void cache.resetQueries()
      showToast({ tone: 'success', title: 'Everything of yours is deleted.' })
    },
  )
  return (
    <form
      aria-label="Delete everything"
      className="grid gap-3 border-t pt-5"
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        erase.mutate(undefined)
      }}
    >
      <label className="grid gap-1.5 text-sm font-medium">
        Delete all jobs and pictures
        <span className="font-normal text-muted-foreground">
          What runs is stopped first. Nobody can bring it back. To do it, type the word “{WORD}”.
        </span>
        <Input
          name="word"
          autoComplete="off"
          className="max-w-60"
          value={word}
          onChange={(event) => setWord(event.target.value)}
        />
      </label>
      <Button
        type="submit"
        variant="destructive"
        className="justify-self-start"
        disabled={word !== WORD || erase.isPending}
      >
        {erase.isPending ? 'Deleting…' : 'Delete everything'}
      </Button>
    </form>
  )
}

function Close() {
  const api = useApi()
  const { refresh } = useAuth()
  const [asks, setAsks] = useState(false)
  const close = useChange(
    () => api.DELETE('/api/v1/me'),
    () => void refresh?.(),
  )
  return (
    <div className="flex flex-wrap items-center justify-between gap-4 border-t pt-5">
      <p className="max-w-xl text-sm">
        <span className="block font-medium">Close the account</span>
        <span className="text-muted-foreground">
          Name, address, password and keys go. Delete your jobs and pictures first: afterwards only the
          operator can.
        </span>
      </p>
      <Button variant="outline" disabled={close.isPending} onClick={() => setAsks(true)}>
        Close it
      </Button>
      {asks && (
        <Confirm
          title="Close your account?"
          text="You are signed out everywhere, and nothing brings it back."
          action="Close it"
          onConfirm={() => close.mutate(undefined)}
          onClose={() => setAsks(false)}
        />
      )}
    </div>
  )
}

/** What one can do with all of one's data: take it along, delete it, leave. */
export function YourData() {
  const save = useSave()
  return (
    <Section title="Your data">
      <div className="grid gap-5">
        <div className="flex flex-wrap items-center justify-between gap-4">
          <p className="max-w-xl text-sm">
            <span className="block font-medium">Take it along</span>
            <span className="text-muted-foreground">
              One zip with all jobs, pictures and notifications. It may take a while.
            </span>
          </p>
          <Button
            variant="outline"
            disabled={save.isPending}
            onClick={() => save.mutate({ path: '/api/v1/me/export', name: 'darkroom-export.zip' })}
          >
            <DownloadIcon aria-hidden />
            {save.isPending ? 'Packing…' : 'Download all'}
          </Button>
        </div>
        <Erase />
        <Close />
      </div>
    </Section>
  )
}
