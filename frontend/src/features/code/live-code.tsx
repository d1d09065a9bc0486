import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { useEffect, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { readOnlyPython } from './cm-base'

/** How near its end, in pixels, the code must be seen for it to be followed. */
const NEAR = 48

/** Code while a model writes it. What is new is put at its end, which is followed until one scrolls up. */
export default function LiveCode({ code, label }: { code: string; label: string }) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const [follows, setFollows] = useState(true)
  useEffect(() => {
    if (!host.current) return
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({ extensions: [readOnlyPython(label), EditorView.lineWrapping] }),
    })
    view.current = made
    return () => made.destroy()
  }, [label])
  useEffect(() => {
    const { current } = view
    if (!current) return
    const shown = current.state.doc.toString()
    // A whole that takes the place of what was there is rare: then all of it is put in anew.
    const from = code.startsWith(shown) ? shown.length : 0
    current.dispatch({ changes: { from, to: shown.length, insert: code.slice(from) } })
    if (follows && host.current) host.current.scrollTop = host.current.scrollHeight
  }, [code, follows])
  return (
    <div className="relative">
      <div
        ref={host}
        className="scroll-thin max-h-[34rem] min-h-40 overflow-auto rounded-md border"
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget
          setFollows(scrollHeight - scrollTop - clientHeight < NEAR)
        }}
      />
      {!follows && (
        <Button
          size="sm"
          variant="secondary"
          className="absolute right-3 bottom-3 shadow"
          onClick={() => setFollows(true)}
        >
          Jump to the latest
        </Button>
      )}
    </div>
  )
}
