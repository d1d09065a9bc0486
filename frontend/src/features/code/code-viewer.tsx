import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { useEffect, useRef, useState } from 'react'
import type { Finding } from '@/api/types'
import { cn } from '@/lib/utils'
import { readOnlyPython } from './cm-base'
import { findingLines } from './findings'

function showLine(view: EditorView, number: number) {
  const line = view.state.doc.line(Math.min(Math.max(number, 1), view.state.doc.lines))
  view.dispatch({
    selection: { anchor: line.from },
    effects: EditorView.scrollIntoView(line.from, { y: 'center' }),
  })
  view.focus()
}

/** Code to read, with what the review found at its lines and in a list. F8 walks the findings. */
export default function CodeViewer({
  code,
  findings,
  label,
}: {
  code: string
  findings: readonly Finding[]
  label: string
}) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const [chosen, setChosen] = useState(-1)
  useEffect(() => {
    if (!host.current) return
    const extensions = [readOnlyPython(label), findingLines(code, findings)]
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({ doc: code, extensions }),
    })
    view.current = made
    return () => made.destroy()
  }, [code, findings, label])
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'F8' || findings.length === 0) return
      event.preventDefault()
      setChosen((now) => {
        const next = (now + (event.shiftKey ? -1 : 1) + findings.length) % findings.length
        const line = findings[next]?.line
        if (view.current && line) showLine(view.current, line)
        return next
      })
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [findings])
  return (
    <div className="grid gap-3">
      <div ref={host} className="max-h-[34rem] min-h-40 overflow-auto rounded-md border" />
      {findings.length > 0 && (
        <ul aria-label="Findings" className="grid gap-1">
          {findings.map((finding, i) => (
            <li key={`${finding.tool} ${finding.rule} ${finding.line} ${finding.column}`}>
              <button
                type="button"
                aria-current={i === chosen}
                className={cn(
                  'flex w-full items-baseline gap-3 rounded-md px-2 py-1.5 text-left text-sm hover:bg-accent',
                  i === chosen && 'bg-accent',
                )}
                onClick={() => {
                  setChosen(i)
                  if (view.current) showLine(view.current, finding.line)
                }}
              >
                <span className="w-16 shrink-0 text-xs text-muted-foreground tabular-nums">
                  line {finding.line}
                </span>
                <span className="min-w-0 flex-1 break-words">{finding.message}</span>
                <span
                  className={cn('text-xs', finding.blocks ? 'text-destructive' : 'text-muted-foreground')}
                >
                  {finding.blocks ? 'blocks' : finding.severity} · {finding.tool}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
