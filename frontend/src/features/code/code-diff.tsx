import { unifiedMergeView } from '@codemirror/merge'
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import { readOnlyPython } from './cm-base'

/** What changed from one version of the code to the next. */
export default function CodeDiff({ before, after, label }: { before: string; after: string; label: string }) {
  const host = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!host.current) return
    const merge = unifiedMergeView({
      original: before,
      mergeControls: false,
      collapseUnchanged: { margin: 3, minSize: 6 },
    })
    const extensions = [readOnlyPython(label), merge]
    const view = new EditorView({
      parent: host.current,
      state: EditorState.create({ doc: after, extensions }),
    })
    return () => view.destroy()
  }, [before, after, label])
  return <div ref={host} className="max-h-[34rem] min-h-40 overflow-auto rounded-md border" />
}
