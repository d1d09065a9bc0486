import { plural } from '@/lib/format'
import type { Step } from './progress'

const KINDS: Record<string, string> = {
  table: 'a table',
  bar: 'a bar chart',
  line: 'a line chart',
  scatter: 'a scatter plot',
  pie: 'a pie chart',
  panels: 'several charts',
  diagram: 'a diagram',
  text: 'a page of text',
  photo: 'a photo',
  other: 'a picture of no known kind',
}

/** A kind of picture in words. */
export const kindWords = (kind: string) => KINDS[kind] ?? kind.replaceAll('_', ' ')

const RUN_ENDS: Record<string, string> = {
  ok: 'ended well',
  error: 'ended with an error',
  timeout: 'ran out of time',
  out_of_memory: 'ran out of memory',
  output_limit: 'wrote more than is allowed',
  killed: 'was ended by a signal',
}

/** How a run ended, in words. */
export const runWords = (status: string) => RUN_ENDS[status] ?? status.replaceAll('_', ' ')

function thinkTitle(step: Step): string {
  if (step.state === 'running' || step.state === 'cancelled') return 'Thinking'
  switch (step.detail.action) {
    case 'write_code':
      return 'Wrote the code'
    case 'vision_notes':
      return 'Looked with a model'
    case 'critique':
      return 'Compared the pictures'
    case 'finish':
      return 'Summed up'
    case 'unusable':
      return 'Gave no usable answer'
    default:
      return step.state === 'failed' ? 'Thinking failed' : 'Thought'
  }
}

/** A step in human words. */
export function stepTitle(step: Step): string {
  // What was stopped was never done: it is told as it was while it went on.
  const running = step.state === 'running' || step.state === 'cancelled'
  switch (step.kind) {
    case 'look':
      return running
        ? 'Looking at the picture'
        : step.state === 'failed'
          ? 'Looking failed'
          : 'Looked at the picture'
    case 'think':
      return thinkTitle(step)
    case 'review':
      return running
        ? 'Checking the code'
        : step.detail.verdict === 'block'
          ? 'Blocked the code'
          : 'Checked the code'
    case 'run':
      return running
        ? 'Running in the sealed room'
        : step.state === 'failed'
          ? 'The code failed'
          : 'Ran the code'
    case 'closer':
      return running ? 'Enlarging a part of the picture' : 'Looked closer'
    case 'measure':
      return running ? 'Laying the values onto the picture' : 'Laid the values onto the picture'
    case 'compare':
      return running ? 'Scoring the result' : 'Held the result against the picture'
    default: {
      const words = step.kind.replaceAll('_', ' ')
      return words.charAt(0).toUpperCase() + words.slice(1)
    }
  }
}

function reviewDetail(step: Step): string {
  const findings = step.detail.findings ?? []
  if (findings.length === 0) return 'no findings'
  const blocking = findings.filter((finding) => finding.blocks).length
  return `${plural(findings.length, 'finding')}, ${blocking === 0 ? 'none blocking' : `${blocking} blocking`}`
}

/** What a step found, in a few words; empty where there is nothing to say. */
export function stepDetail(step: Step): string {
  const { detail } = step
  if (step.state === 'running') return step.repeats > 0 ? `asked again (${step.repeats})` : ''
  if (detail.error) return detail.error.detail
  switch (step.kind) {
    case 'look':
      return [detail.image_kind && kindWords(detail.image_kind), detail.title && `“${detail.title}”`]
        .filter(Boolean)
        .join(', ')
    case 'think': {
      const lines = detail.code ? plural(detail.code.trimEnd().split('\n').length, 'line') : ''
      const model = detail.model === 'builtin' ? 'built-in rules' : detail.model
      return [lines, model].filter(Boolean).join(', ')
    }
    case 'review':
      return detail.verdict ? reviewDetail(step) : ''
    case 'run':
      if (!detail.status) return ''
      return detail.status === 'ok' ? plural(detail.outputs?.length ?? 0, 'file') : runWords(detail.status)
    default:
      return ''
  }
}
