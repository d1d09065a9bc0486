import { EditorState, Prec } from '@codemirror/state'
import { EditorView, keymap } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import { editablePython } from './cm-base'

type Props = { initial: string; label: string; onChange: (code: string) => void; onRun: () => void }

/** Python to write. `initial` is read once for each mount. */
export default function CodeEditor({ initial, label, onChange, onRun }: Props) {
  const host = useRef<HTMLDivElement>(null)
  const calls = useRef({ onChange, onRun })
  useEffect(() => {
    calls.current = { onChange, onRun }
  })
  const first = useRef(initial)
  useEffect(() => {
    if (!host.current) return
    const run = () => {
      calls.current.onRun()
      return true
    }
    const view = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          Prec.highest(keymap.of([{ key: 'Mod-Enter', run }])),
          editablePython(label),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) calls.current.onChange(update.state.doc.toString())
          }),
        ],
      }),
    })
    return () => view.destroy()
  }, [label])
  return <div ref={host} className="h-[26rem] overflow-auto rounded-md border" />
}
