import { useMutation } from '@tanstack/react-query'
import { FilePlusIcon, PlayIcon, SearchCheckIcon, SquareIcon, XIcon } from 'lucide-react'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useApi, useConfig, useSend } from '@/api/context'
import { problemOf } from '@/api/problem'
import type { ExecutionAnswer } from '@/api/types'
import { Page } from '@/components/page'
import { ProblemAlert } from '@/components/problem-alert'
import { Term } from '@/components/term'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Select } from '@/components/ui/input'
import { runWords } from '@/features/jobs/step-words'
import { type LogPart, LogView } from '@/features/logs/log-view'
import { ResultTab } from '@/features/results/result-tab'
import { formatBytes, formatDuration, plainName } from '@/lib/format'
import { readStored, writeStored } from '@/lib/storage'
import { showToast } from '@/lib/toast'
import { cn } from '@/lib/utils'
import { forget, handedOver } from './hand-over'
import { joinParts, runCode, toBase64 } from './run-code'

const CodeEditor = lazy(() => import('@/features/code/code-editor'))
const KEY = 'playground'
const SAMPLE = `# Files you add stand in /box/in; what you leave in /box/out comes back.
import matplotlib.pyplot as plt
import numpy as np

x = np.linspace(0, 4 * np.pi, 400)
plt.figure(figsize=(8, 4))
plt.plot(x, np.exp(-x / 8) * np.sin(2 * x), color="#c2571a")
plt.title("A note that fades")
plt.savefig("/box/out/chart.png")
print("saved", "chart.png")
`

const NONE: ReadonlySet<string> = new Set()

type Input = { key: string; name: string; blob: Blob }

/** The pictures of a job that handed its code over, under the names its code knows. */
function useHandedOver(onCode: (code: string) => void, onInputs: (inputs: Input[]) => void) {
  const send = useSend()
  const [taken] = useState(handedOver)
  const done = useRef(false)
  useEffect(() => {
    if (!taken || done.current) return
    done.current = true
    forget(taken)
    onCode(taken.code)
    const many = taken.fileIds.length > 1
    void Promise.all(
      taken.fileIds.map(async (id, i): Promise<Input> => {
        const response = await send(`/api/v1/files/${id}/content`)
        return { key: id, name: many ? `image_${i + 1}.png` : 'image.png', blob: await response.blob() }
      }),
    )
      .then(onInputs)
      .catch((error) =>
        showToast({
          tone: 'error',
          title: 'The picture could not be brought along.',
          detail: problemOf(error).detail,
        }),
      )
  })
  return taken?.code
}

function Inputs({ inputs, onChange }: { inputs: readonly Input[]; onChange: (inputs: Input[]) => void }) {
  const picker = useRef<HTMLInputElement>(null)
  const add = (files: readonly File[]) => {
    const names = new Set(files.map((file) => file.name))
    onChange([
      ...inputs.filter((input) => !names.has(input.name)),
      ...files.map((file) => ({ key: crypto.randomUUID(), name: file.name, blob: file })),
    ])
  }
  return (
    <div className="flex flex-wrap items-center gap-2">
      <input
        ref={picker}
        type="file"
        multiple
        className="hidden"
        aria-label="Input files"
        tabIndex={-1}
        onChange={(event) => {
          add([...(event.target.files ?? [])])
          event.target.value = ''
        }}
      />
      <Button variant="outline" size="sm" onClick={() => picker.current?.click()}>
        <FilePlusIcon aria-hidden />
        Add files
      </Button>
      {inputs.map((input) => (
        <span
          key={input.key}
          className="inline-flex max-w-full items-center gap-1.5 rounded-full border bg-card py-0.5 pr-1 pl-3 text-xs"
        >
          <span className="truncate font-mono">/box/in/{plainName(input.name)}</span>
          <span className="text-muted-foreground">{formatBytes(input.blob.size)}</span>
          <button
            type="button"
            aria-label={`Take ${plainName(input.name)} away`}
            onClick={() => onChange(inputs.filter((one) => one !== input))}
            className="grid size-6 place-items-center rounded-full hover:bg-accent pointer-coarse:size-9"
          >
            <XIcon aria-hidden className="size-3.5" />
          </button>
        </span>
      ))}
    </div>
  )
}

function Ended({ answer }: { answer: ExecutionAnswer }) {
  const ok = answer.status === 'ok'
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted-foreground">
        <Badge tone={ok ? 'success' : 'danger'}>{runWords(answer.status)}</Badge>
        <span className="tabular-nums">{formatDuration(answer.duration_ms)}</span>
        <span className="tabular-nums">{formatDuration(answer.cpu_ms)} of processor</span>
        <span className="tabular-nums">{formatBytes(answer.peak_memory_bytes)} at most</span>
        <span>
          <Term of="warm">{answer.start === 'warm' ? 'warm' : 'cold'}</Term>
        </span>
      </div>
      {answer.error && (
        <p className="rounded-lg border border-destructive/50 bg-destructive/8 p-3 text-sm break-words">
          <span className="font-medium">{answer.error.kind}</span>
          {answer.error.line != null && ` at line ${answer.error.line}`}: {plainName(answer.error.message)}
        </p>
      )}
      {!answer.error && answer.explanation && <p className="text-sm break-words">{answer.explanation}</p>}
      {answer.truncated && <p className="text-sm text-muted-foreground">It printed more than is kept.</p>}
      {answer.rejected.map((file) => (
        <p key={file.name} className="text-sm text-muted-foreground">
          {plainName(file.name)} was not delivered: {file.reason.replaceAll('_', ' ')}.
        </p>
      ))}
      <ResultTab outputs={answer.outputs} hidden={NONE} original={null} />
    </div>
  )
}

/** The sandbox by itself: write Python, add files, run it, see what it prints and leaves. */
export function PlaygroundPage() {
  const api = useApi()
  const send = useSend()
  const { max_run_seconds } = useConfig().limits
  const [code, setCode] = useState(() => readStored('sessionStorage', KEY) ?? SAMPLE)
  const [inputs, setInputs] = useState<Input[]>([])
  const [parts, setParts] = useState<LogPart[]>([])
  const [timeout, setTimeoutSeconds] = useState('')
  const [memory, setMemory] = useState('')
  const stop = useRef<AbortController | null>(null)
  const change = (next: string) => {
    setCode(next)
    writeStored('sessionStorage', KEY, next)
  }
  const handed = useHandedOver(change, setInputs)
  const run = useMutation({
    mutationFn: async () => {
      setParts([])
      check.reset()
      stop.current = new AbortController()
      const files = await Promise.all(
        inputs.map(async ({ name, blob }) => ({ name, content_base64: await toBase64(blob) })),
      )
      const limits = {
        ...(timeout && { timeout_seconds: Number(timeout) }),
        ...(memory && { memory_mib: Number(memory) }),
      }
      const body = { code, inputs: files, ...limits }
      return runCode({
        send,
        body,
        signal: stop.current.signal,
        onOutput: (part) => setParts((now) => joinParts(now, part)),
      })
    },
  })
  const check = useMutation({
    mutationFn: async () => (await api.POST('/api/v1/reviews', { body: { code } })).data,
  })
  useEffect(() => () => stop.current?.abort(), [])
  const stopped = run.isError && stop.current?.signal.aborted
  const start = () => !run.isPending && run.mutate()
  return (
    <Page
      name="Playground"
      title="Playground"
      lead="Write or paste Python and run it in the sealed room: no network, none of your files but those you add."
      className="max-w-[110rem]"
    >
      <div className="grid items-start gap-6 xl:grid-cols-2">
        <section aria-label="Code" className="grid min-w-0 gap-3">
          <Suspense fallback={<div aria-hidden className="skeleton h-[26rem]" />}>
            <CodeEditor
              key={handed ? 'handed' : 'own'}
              initial={handed ?? code}
              label="Python to run"
              onChange={change}
              onRun={start}
            />
          </Suspense>
          <Inputs inputs={inputs} onChange={setInputs} />
          <div className="flex flex-wrap items-end gap-3">
            <label htmlFor="play-time" className="grid gap-1 text-xs text-muted-foreground">
              Time
              <Select
                id="play-time"
                className="w-auto text-foreground"
                value={timeout}
                onChange={(event) => setTimeoutSeconds(event.target.value)}
              >
                <option value="">{max_run_seconds} s</option>
                {[5, 10, 30, 60]
                  .filter((one) => one < max_run_seconds)
                  .map((one) => (
                    <option key={one} value={one}>
                      {one} s
                    </option>
                  ))}
              </Select>
            </label>
            <label htmlFor="play-memory" className="grid gap-1 text-xs text-muted-foreground">
              Memory
              <Select
                id="play-memory"
                className="w-auto text-foreground"
                value={memory}
                onChange={(event) => setMemory(event.target.value)}
              >
                <option value="">all it may</option>
                {[128, 256, 512, 1024].map((one) => (
                  <option key={one} value={one}>
                    {one} MiB
                  </option>
                ))}
              </Select>
            </label>
            <div className="ml-auto flex gap-2">
              <Button variant="outline" disabled={check.isPending} onClick={() => check.mutate()}>
                <SearchCheckIcon aria-hidden />
                {check.isPending ? 'Checking…' : 'Check'}
              </Button>
              {run.isPending ? (
                <Button variant="destructive" onClick={() => stop.current?.abort()}>
                  <SquareIcon aria-hidden />
                  Stop
                </Button>
              ) : (
                <Button onClick={start}>
                  <PlayIcon aria-hidden />
                  Run
                </Button>
              )}
            </div>
          </div>
        </section>
        <section aria-label="What came of it" className="grid min-w-0 gap-4">
          {check.isError && <ProblemAlert error={check.error} />}
          {check.data && (
            <div role="status" className="rounded-xl border bg-card p-4 text-sm">
              <p className="font-medium">
                {check.data.verdict === 'block'
                  ? 'In a job this code would be blocked.'
                  : check.data.findings.length > 0
                    ? 'It would pass, with findings.'
                    : 'Nothing was found.'}
              </p>
              <ul className="mt-2 grid gap-1">
                {check.data.findings.map((finding) => (
                  <li
                    key={`${finding.tool} ${finding.rule} ${finding.line} ${finding.column}`}
                    className={cn(finding.blocks && 'text-destructive')}
                  >
                    <span className="text-muted-foreground">line {finding.line}:</span> {finding.message}
                  </li>
                ))}
              </ul>
            </div>
          )}
          <LogView
            parts={parts}
            label="What the code prints"
            live={run.isPending}
            empty={
              run.isPending
                ? 'Running; nothing was printed yet.'
                : run.data
                  ? 'It printed nothing.'
                  : 'What the code prints will stand here.'
            }
          />
          {stopped && (
            <p className="text-sm text-muted-foreground">Stopped by you. Nothing of the run is kept.</p>
          )}
          {run.isError && !stopped && <ProblemAlert error={run.error} onRetry={start} />}
          {run.data && !run.isPending && <Ended answer={run.data} />}
        </section>
      </div>
    </Page>
  )
}
