import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react'
import type { OutputFile } from '@/api/types'
import { ProblemAlert } from '@/components/problem-alert'
import { useBlobUrl, useBytes } from '@/components/secure-image'
import { formatBytes, plainName } from '@/lib/format'
import { HtmlFrame } from './html-frame'
import { MAX_SHOWN_BYTES, viewerFor } from './kinds'

const CsvTable = lazy(() => import('./csv-table'))
const Lightbox = lazy(() => import('./lightbox'))
const MAX_TEXT = 200_000

/** The text of an output while it is fetched, there, or cannot be had. */
export function OutputText({
  output,
  children,
}: {
  output: OutputFile
  children: (text: string) => ReactNode
}) {
  const bytes = useBytes(output.path)
  const [text, setText] = useState<string>()
  useEffect(() => {
    let here = true
    void bytes.data?.text().then((read) => here && setText(read))
    return () => {
      here = false
    }
  }, [bytes.data])
  if (bytes.isError) return <ProblemAlert error={bytes.error} onRetry={() => void bytes.refetch()} />
  return text === undefined ? <div aria-hidden className="skeleton h-40" /> : children(text)
}

/** A picture that opens large. */
export function OutputImage({ output, className }: { output: OutputFile; className?: string }) {
  const bytes = useBytes(output.path)
  const url = useBlobUrl(bytes.data, output.media_type.split(';')[0])
  const [open, setOpen] = useState(false)
  const name = plainName(output.name)
  if (bytes.isError) return <ProblemAlert error={bytes.error} onRetry={() => void bytes.refetch()} />
  if (!url) return <div aria-hidden className={`skeleton ${className}`} />
  return (
    <>
      <button
        type="button"
        onClick={() => setOpen(true)}
        aria-label={`Show ${name} large`}
        className="block w-full cursor-zoom-in rounded-md"
      >
        <img src={url} alt={name} className={`w-full animate-print rounded-md object-contain ${className}`} />
      </button>
      {open && (
        <Suspense fallback={null}>
          <Lightbox src={url} name={name} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

function Plain({ text, label }: { text: string; label: string }) {
  const cut = text.length > MAX_TEXT
  return (
    <>
      <pre
        tabIndex={0}
        role="region"
        aria-label={label}
        className="scroll-thin max-h-96 overflow-auto rounded-md bg-code p-4 font-mono text-xs whitespace-pre-wrap [overflow-wrap:anywhere]"
      >
        {cut ? text.slice(0, MAX_TEXT) : text}
      </pre>
      {cut && (
        <p className="mt-1 text-xs text-muted-foreground">
          The first {formatBytes(MAX_TEXT)} are shown. Save the file to have all of it.
        </p>
      )}
    </>
  )
}

/** One output, shown by its type. */
export function OutputView({ output }: { output: OutputFile }) {
  const name = plainName(output.name)
  switch (viewerFor(output)) {
    case 'image':
      return <OutputImage output={output} className="max-h-96" />
    case 'table':
      return (
        <OutputText output={output}>
          {(text) => (
            <Suspense fallback={<div aria-hidden className="skeleton h-40" />}>
              <CsvTable text={text} caption={name} />
            </Suspense>
          )}
        </OutputText>
      )
    case 'html':
      return <OutputText output={output}>{(text) => <HtmlFrame html={text} title={name} />}</OutputText>
    case 'json':
    case 'figure':
      return <OutputText output={output}>{(text) => <Plain text={pretty(text)} label={name} />}</OutputText>
    case 'text':
      return <OutputText output={output}>{(text) => <Plain text={text} label={name} />}</OutputText>
    case 'none':
      return (
        <p className="rounded-md border border-dashed p-6 text-center text-sm text-muted-foreground">
          {output.bytes > MAX_SHOWN_BYTES
            ? `With ${formatBytes(output.bytes)} it is too large to be shown here.`
            : 'This kind of file is not shown here.'}{' '}
          Save it to open it with a program of your own.
        </p>
      )
  }
}
