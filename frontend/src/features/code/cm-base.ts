import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { python } from '@codemirror/lang-python'
import { HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { EditorState, type Extension } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  ViewPlugin,
} from '@codemirror/view'
import { tags as t } from '@lezer/highlight'

const theme = EditorView.theme({
  '&': {
    backgroundColor: 'var(--code)',
    color: 'var(--foreground)',
    fontSize: '13px',
    borderRadius: '0.5rem',
    height: '100%',
  },
  '&.cm-focused': { outline: '2px solid var(--ring)', outlineOffset: '1px' },
  '.cm-scroller': {
    fontFamily: '"JetBrains Mono Variable", ui-monospace, monospace',
    lineHeight: '1.65',
    padding: '0.5rem 0',
  },
  '.cm-content': { caretColor: 'var(--primary)' },
  '.cm-cursor': { borderLeftColor: 'var(--primary)' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--muted-foreground)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in oklab, var(--primary) 6%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--foreground)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'color-mix(in oklab, var(--primary) 24%, transparent)',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--popover)',
    border: '1px solid var(--border)',
    borderRadius: '6px',
  },
  '.cm-deletedChunk, .cm-deletedLine, del.cm-deletedLine': {
    backgroundColor: 'color-mix(in oklab, var(--destructive) 9%, var(--code)) !important',
  },
  // What changed is told by its ground; coloured words on it would be too faint.
  '.cm-deletedChunk *, .cm-deletedLine *': { color: 'var(--foreground) !important' },
  '.cm-deletedText': {
    background: 'color-mix(in oklab, var(--destructive) 22%, var(--code)) !important',
    textDecoration: 'none',
  },
  '.cm-changedLine': { backgroundColor: 'color-mix(in oklab, var(--success) 7%, var(--code)) !important' },
  '.cm-changedLine *': { color: 'var(--foreground) !important' },
  '.cm-changedText': { background: 'color-mix(in oklab, var(--success) 22%, var(--code)) !important' },
  '.cm-collapsedLines': { background: 'var(--muted)', color: 'var(--muted-foreground)' },
  '.cm-finding': {
    margin: '0.15rem 0.75rem 0.35rem',
    padding: '0.3rem 0.6rem',
    borderLeft: '3px solid var(--warning)',
    borderRadius: '0 6px 6px 0',
    background: 'color-mix(in oklab, var(--warning) 11%, var(--code))',
    fontFamily: '"Instrument Sans Variable", ui-sans-serif, sans-serif',
    fontSize: '12.5px',
    whiteSpace: 'normal',
  },
  '.cm-finding-blocks': {
    borderLeftColor: 'var(--destructive)',
    background: 'color-mix(in oklab, var(--destructive) 11%, var(--code))',
  },
})

const highlight = HighlightStyle.define([
  { tag: [t.keyword, t.controlKeyword, t.moduleKeyword, t.operatorKeyword], color: 'var(--primary)' },
  { tag: [t.string, t.special(t.string)], color: 'var(--success)' },
  { tag: [t.number, t.bool, t.null], color: 'var(--info)' },
  { tag: t.comment, color: 'var(--muted-foreground)', fontStyle: 'italic' },
  { tag: [t.function(t.variableName), t.function(t.definition(t.variableName))], color: 'var(--warning)' },
])

/**
 * The letters' own font comes only when it is first used, and is taller than the one that stands in: lines are measured again
 * when it is there, or the numbers beside them would not stand where the lines do.
 */
const measuredInItsFont = ViewPlugin.define((view) => {
  let here = true
  void document.fonts?.load('13px "JetBrains Mono Variable"').then(() => here && view.requestMeasure())
  return {
    destroy: () => {
      here = false
    },
  }
})

const common: Extension = [
  measuredInItsFont,
  lineNumbers(),
  python(),
  syntaxHighlighting(highlight),
  theme,
  indentUnit.of('    '),
]

/** Python to read. */
export const readOnlyPython = (label: string): Extension => [
  common,
  EditorState.readOnly.of(true),
  EditorView.editable.of(false),
  EditorView.contentAttributes.of({
    tabindex: '0',
    'aria-label': label,
    'aria-readonly': 'true',
    role: 'textbox',
    'aria-multiline': 'true',
  }),
]

/** Python to write. Escape and then Tab leaves the field. */
export const editablePython = (label: string): Extension => [
  common,
  history(),
  drawSelection(),
  highlightActiveLine(),
  keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
  EditorView.contentAttributes.of({
    tabindex: '0',
    'aria-label': label,
    role: 'textbox',
    'aria-multiline': 'true',
  }),
]
