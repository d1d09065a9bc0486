import { CopyIcon, DownloadIcon, TerminalIcon } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useNavigate } from 'react-router'
import type { Finding } from '@/api/types'
import { Term } from '@/components/term'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Select } from '@/components/ui/input'
import { handOver } from '@/features/playground/hand-over'
import { saveBlob } from '@/features/results/save'
import { plural } from '@/lib/format'
import { showToast } from '@/lib/toast'

const CodeViewer = lazy(() => import('./code-viewer'))
const CodeDiff = lazy(() => import('./code-diff'))
const LiveCode = lazy(() => import('./live-code'))
const NONE: readonly Finding[] = []

/** One version of the code, as this tab needs it. */
export type Version = {
  number: number
  code: string
  explanation: string
  model: string
  findings: readonly Finding[] | null
  verdict: string | null
}

const VERDICTS: Record<string, { tone: 'success' | 'warning' | 'danger'; words: string }> = {
  pass: { tone: 'success', words: 'Passed the review' },
  warn: { tone: 'warning', words: 'Passed with findings' },
  block: { tone: 'danger', words: 'Blocked by the review' },
}

async function copy(code: string) {
  try {
    await navigator.clipboard.writeText(code)
    showToast({ tone: 'success', title: 'The code is on the clipboard.' })
  } catch {
    showToast({
      tone: 'error',
      title: 'The browser did not allow copying.',
      detail: 'Save the code instead.',
    })
  }
}

/** What a model is writing now. */
export type Written = { text: string; cut: boolean }

function Writing({ written, number }: { written: Written; number: number }) {
  return (
    <section aria-label="Being written" className="grid gap-3">
      <p className="flex items-center gap-2 text-sm">
        <span aria-hidden className="lamp lamp-live !size-2.5" />
        <span className="font-medium">{number > 1 ? `Writing attempt ${number}` : 'Writing the code'}</span>
        {written.cut && <span className="text-muted-foreground">only its end is shown</span>}
      </p>
      <Suspense fallback={<div aria-hidden className="skeleton h-40" />}>
        <LiveCode code={written.text} label="Code as it is being written" />
      </Suspense>
    </section>
  )
}

type Props = {
  versions: readonly Version[]
  /** Code that is being written now: it is shown in place of the versions until it is one of them. */
  writing: Written | null
  fileIds: readonly string[]
  /** The code that was delivered by the job that this one revises. */
  earlier: string | null
}

/** All versions of the code: each with its findings, or as what it changed. */
export function CodeTab({ versions, writing, fileIds, earlier }: Props) {
  const [picked, setPicked] = useState<number | null>(null)
  const [diff, setDiff] = useState(false)
  const navigate = useNavigate()
  const index = versions.findIndex((one) => one.number === picked)
  const at = index === -1 ? versions.length - 1 : index
  const version = versions[at]
  const before = versions[at - 1]?.code ?? earlier
  if (writing) return <Writing written={writing} number={versions.length + 1} />
  if (!version)
    return (
      <p className="rounded-xl border border-dashed p-10 text-center text-sm text-muted-foreground">
        No code was written yet.
      </p>
    )
  const verdict = version.verdict ? VERDICTS[version.verdict] : undefined
  const fallback = <div aria-hidden className="skeleton h-[34rem]" />
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center gap-2">
        {versions.length > 1 && (
          <Select
            aria-label="Attempt"
            className="w-auto"
            value={version.number}
            onChange={(event) => setPicked(Number(event.target.value))}
          >
            {versions.map((one) => (
              <option key={one.number} value={one.number}>
                Attempt {one.number} of {versions.length}
              </option>
            ))}
          </Select>
        )}
        {verdict && <Badge tone={verdict.tone}>{verdict.words}</Badge>}
        {version.findings && version.findings.length > 0 && (
          <span className="text-xs text-muted-foreground">
            <Term of="review">{plural(version.findings.length, 'finding')}</Term>
          </span>
        )}
        <span className="ml-auto flex flex-wrap items-center gap-1">
          {before !== null && (
            <Button variant="ghost" size="sm" aria-pressed={diff} onClick={() => setDiff(!diff)}>
              {diff ? 'Show the code' : at > 0 ? 'Show what changed' : 'Compare with the version before'}
            </Button>
          )}
          <Button
            variant="ghost"
            size="sm"
            onClick={() => {
              handOver({ code: version.code, fileIds })
              void navigate('/playground')
            }}
          >
            <TerminalIcon aria-hidden />
            Edit and run
          </Button>
          <span className="flex items-center gap-1">
            <Button
              variant="ghost"
              size="icon"
              aria-label="Copy the code"
              onClick={() => void copy(version.code)}
            >
              <CopyIcon aria-hidden />
            </Button>
            <Button
              variant="ghost"
              size="icon"
              aria-label="Save the code"
              onClick={() => saveBlob(new Blob([version.code], { type: 'text/x-python' }), 'code.py')}
            >
              <DownloadIcon aria-hidden />
            </Button>
          </span>
        </span>
      </div>
      {version.explanation && <p className="text-sm text-muted-foreground">{version.explanation}</p>}
      <Suspense fallback={fallback}>
        {diff && before !== null ? (
          <CodeDiff before={before} after={version.code} label={`Changes in attempt ${version.number}`} />
        ) : (
          <CodeViewer
            code={version.code}
            findings={version.findings ?? NONE}
            label={`Code of attempt ${version.number}`}
          />
        )}
      </Suspense>
    </div>
  )
}
