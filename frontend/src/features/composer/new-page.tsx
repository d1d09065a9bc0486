import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CameraIcon, ImagePlusIcon } from 'lucide-react'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import { useApi, useConfig } from '@/api/context'
import { problemOf } from '@/api/problem'
import { PageHeading, useDocumentTitle } from '@/components/page'
import { ProblemAlert } from '@/components/problem-alert'
import { Button } from '@/components/ui/button'
import { createJob, oneJob, recentJobs } from '@/features/jobs/api'
import { formatBytes } from '@/lib/format'
import { takesText } from '@/lib/shortcuts'
import { showToast } from '@/lib/toast'
import { cn } from '@/lib/utils'
import { clearDraft, currentDraft, updateDraft, useDraft } from './draft'
import { useDrop } from './use-drop'
import { usePictures } from './use-pictures'

// Not needed to begin: they come after the composer can be used.
const ImageTray = lazy(() => import('./image-tray'))
const Options = lazy(() => import('./options'))
const Below = lazy(() => import('./below'))

const bytesOf = (text: string) => new TextEncoder().encode(text).length

/** Makes the job. The same key is used until it is made, so a lost answer cannot make two. */
function useDevelop() {
  const api = useApi()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const key = useRef(crypto.randomUUID())
  return useMutation({
    mutationFn: () => {
      const draft = currentDraft()
      const file_ids = draft.items.flatMap((item) =>
        item.state.kind === 'ready' ? [item.state.file.id] : [],
      )
      const options = {
        ...(draft.maxRepairs !== null && { max_repairs: draft.maxRepairs }),
        ...(draft.timeout !== null && { run_timeout_seconds: draft.timeout }),
        ...(draft.models !== null && { models: draft.models }),
        ...(draft.variants !== null && { variants: draft.variants }),
        ...(draft.maxCostUsd !== null && { max_cost_usd: draft.maxCostUsd }),
      }
      return createJob(api, { file_ids, prompt: draft.prompt.trim(), options: options as never }, key.current)
    },
    onSuccess: (job) => {
      clearDraft()
      cache.setQueryData(oneJob(api, job.id).queryKey, job)
      void cache.invalidateQueries({ queryKey: ['jobs', 'recent'] })
      void cache.invalidateQueries({ queryKey: ['jobs', 'pages'] })
      void navigate(`/jobs/${job.id}`)
    },
    onError: (error) => {
      // What was refused may be changed before it is sent again; that is another request then. Where the answer was
      // lost, the job may have been made: the same key finds it.
      if (problemOf(error).status < 500) key.current = crypto.randomUUID()
    },
  })
}

/** Why the job cannot begin yet, in a few words; null when it can. */
export function whyNot(draft: ReturnType<typeof useDraft>, maxPromptBytes: number): string | null {
  const ready = draft.items.filter((item) => item.state.kind === 'ready').length
  if (bytesOf(draft.prompt) > maxPromptBytes) return 'The text is too long'
  if (draft.items.some((item) => item.state.kind === 'uploading' || item.state.kind === 'checking'))
    return 'Uploading…'
  return ready === 0 ? 'Add a picture first' : null
}

/** Where a picture and a wish become a job. */
export function NewPage() {
  useDocumentTitle('')
  const api = useApi()
  const limits = useConfig().limits
  const draft = useDraft()
  const pictures = usePictures()
  const develop = useDevelop()
  const recent = useQuery(recentJobs(api))
  const prompt = useRef<HTMLTextAreaElement>(null)
  const camera = useRef<HTMLInputElement>(null)
  const [leftOut, setLeftOut] = useState<string | null>(null)
  const reason = whyNot(draft, limits.max_prompt_bytes)
  const hasPictures = draft.items.length > 0
  useEffect(() => {
    // The page of the job is fetched while the wish is written, so that its first step is seen at once. Where that fails
    // the page is asked for again when it is gone to, and says so.
    if (hasPictures) import('@/features/jobs/job-page').catch(() => undefined)
  }, [hasPictures])
  const jobs = recent.data?.items ?? []

  const add = (files: readonly File[]) => {
    if (files.length === 0) return
    setLeftOut(pictures.add(files))
    prompt.current?.focus()
  }
  const addRef = useRef(add)
  addRef.current = add
  const picker = useRef<HTMLInputElement>(null)
  const open = () => picker.current?.click()
  const drop = useDrop(add)
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])]
      if (files.length === 0) return
      // A picture on the clipboard often comes with text; within the prompt the picture is what is meant too.
      if (takesText(event.target) && event.target !== prompt.current) return
      event.preventDefault()
      addRef.current(files)
    }
    window.addEventListener('paste', onPaste)
    return () => window.removeEventListener('paste', onPaste)
  }, [])
  const submit = () => {
    if (develop.isPending) return
    if (reason === null) return develop.mutate()
    if (draft.items.length === 0) open()
    else showToast({ tone: 'info', title: reason })
  }

  return (
    <div {...drop.handlers} className="flex flex-1 flex-col">
      {drop.over && (
        <div className="tray pointer-events-none fixed inset-0 z-40 grid place-items-center opacity-95">
          <p className="animate-rise rounded-xl border-2 border-dashed border-[oklch(0.775_0.15_62)] px-16 py-12 font-display text-4xl">
            Let it slip into the tray
          </p>
        </div>
      )}
      <div className="mx-auto flex w-full max-w-3xl flex-1 flex-col gap-10 px-4 py-10 sm:px-6 sm:py-14 2xl:max-w-4xl">
        <div className="text-center">
          <PageHeading className="text-5xl leading-none sm:text-6xl">What should we develop?</PageHeading>
          <p className="mx-auto mt-4 max-w-xl text-pretty text-muted-foreground">
            Give a picture and say what you want from it. Code is written for it, checked, and run in a sealed
            room; every number can be checked against the picture.
          </p>
        </div>
        <form
          aria-label="New job"
          className="rounded-xl border bg-card shadow-[0_1px_2px_oklch(0_0_0/0.05),0_18px_50px_-30px_oklch(0.4_0.1_50/0.5)] transition-[border-color] focus-within:border-primary/60"
          onSubmit={(event) => {
            event.preventDefault()
            submit()
          }}
        >
          <input
            ref={picker}
            type="file"
            multiple
            className="hidden"
            aria-label="Pictures"
            tabIndex={-1}
            data-testid="file-input"
            onChange={(event) => {
              add([...(event.target.files ?? [])])
              event.target.value = ''
            }}
          />
          <input
            ref={camera}
            type="file"
            accept="image/*"
            capture="environment"
            className="hidden"
            aria-label="Camera"
            tabIndex={-1}
            onClick={(event) => event.stopPropagation()}
            onChange={(event) => {
              add([...(event.target.files ?? [])])
              event.target.value = ''
            }}
          />
          <Suspense fallback={<div className="h-40" />}>
            {hasPictures && (
              <ImageTray items={draft.items} onRemove={pictures.remove} onRetry={pictures.retry} />
            )}
          </Suspense>
          {leftOut && (
            <p role="status" className="px-4 pt-2 text-sm text-warning">
              {leftOut}
            </p>
          )}
          <label htmlFor="prompt" className="sr-only">
            What do you want from it?
          </label>
          <textarea
            ref={prompt}
            id="prompt"
            rows={3}
            value={draft.prompt}
            onChange={(event) => updateDraft({ prompt: event.target.value })}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return
              event.preventDefault()
              submit()
            }}
            placeholder="What do you want from it? “Read the values into a CSV.” May be left empty."
            className="block field-sizing-content max-h-72 min-h-24 w-full resize-none rounded-xl bg-transparent p-4 text-base outline-none placeholder:text-muted-foreground"
          />
          {develop.isError && <ProblemAlert error={develop.error} onRetry={submit} className="mx-3 mb-3" />}
          <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-3 pb-3">
            <Button variant="outline" onClick={open}>
              <ImagePlusIcon aria-hidden />
              Add pictures
            </Button>
            <Button
              variant="outline"
              size="icon"
              aria-label="Take a photo"
              className="hidden pointer-coarse:inline-flex"
              onClick={() => camera.current?.click()}
            >
              <CameraIcon aria-hidden />
            </Button>
            <span className="hidden text-xs text-muted-foreground sm:inline">
              or drop, or paste · up to {formatBytes(limits.max_upload_bytes)} each
            </span>
            <span className="ml-auto flex items-center gap-3">
              <span id="why-not" className="text-xs text-muted-foreground">
                {reason ?? ''}
              </span>
              <Button
                type="submit"
                aria-disabled={reason !== null || develop.isPending}
                aria-describedby="why-not"
                className={cn('px-6', reason === null && 'shadow-[0_0_28px_-6px_var(--primary)]')}
              >
                {develop.isPending ? 'Sending…' : 'Develop'}
              </Button>
            </span>
          </div>
          <Suspense fallback={<div className="h-[2.8125rem] border-t" />}>
            <Options jobs={jobs} />
          </Suspense>
        </form>
        <Suspense fallback={<div className="min-h-80" />}>
          <Below
            jobs={jobs}
            onPick={(file, text) => {
              updateDraft({ prompt: text })
              add([file])
            }}
          />
        </Suspense>
      </div>
    </div>
  )
}
