import { type Extension, RangeSetBuilder } from '@codemirror/state'
import { Decoration, EditorView, WidgetType } from '@codemirror/view'
import type { Finding } from '@/api/types'

class FindingLine extends WidgetType {
  constructor(readonly finding: Finding) {
    super()
  }
  eq(other: FindingLine) {
    return other.finding === this.finding
  }
  toDOM() {
    const line = document.createElement('div')
    line.className = this.finding.blocks ? 'cm-finding cm-finding-blocks' : 'cm-finding'
    line.textContent = `${this.finding.message} (${this.finding.tool} ${this.finding.rule})`
    return line
  }
}

/** Says each finding below its line, where everybody sees it without pointing at anything. */
export function findingLines(code: string, findings: readonly Finding[]): Extension {
  const ends: number[] = []
  for (let at = code.indexOf('\n'); at !== -1; at = code.indexOf('\n', at + 1)) ends.push(at)
  ends.push(code.length)
  const builder = new RangeSetBuilder<Decoration>()
  for (const finding of [...findings].sort((a, b) => a.line - b.line)) {
    const end = ends[Math.min(Math.max(finding.line, 1), ends.length) - 1] ?? code.length
    builder.add(end, end, Decoration.widget({ widget: new FindingLine(finding), block: true, side: 1 }))
  }
  return EditorView.decorations.of(builder.finish())
}
