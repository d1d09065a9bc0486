import type { Failure, Finding, JobState } from '@/api/types'
import type { ServerEvent } from '@/lib/sse'

/** A step of a job as its events tell it. */
export type Step = {
  id: string
  /** `look`, `think`, `review`, `run`; newer servers may have more. */
  kind: string
  /** Place of the picture it looks at, from 0. */
  picture: number | null
  state: 'running' | 'succeeded' | 'failed' | 'cancelled'
  /** Milliseconds since 1970. */
  startedAt: number
  durationMs: number | null
  /** How often its command was sent again. */
  repeats: number
  detail: StepDetail
}

/** What a finished step says about itself; which fields are there depends on its kind. */
export type StepDetail = {
  image_kind?: string
  confidence?: number
  title?: string | null
  action?: string
  code?: string
  explanation?: string
  text?: string
  summary?: string
  reason?: string
  model?: string
  notes?: string[]
  usage?: { prompt_tokens: number; completion_tokens: number }
  verdict?: string
  findings?: Finding[]
  status?: string
  exit_code?: number | null
  duration_ms?: number
  stdout?: string
  stderr?: string
  outputs?: { name: string; media_type: string; bytes: number }[]
  error?: Failure
}

/** One version of the code, with what came of it. */
export type Attempt = {
  number: number
  code: string
  explanation: string
  model: string
  findings: Finding[] | null
  verdict: string | null
  run: StepDetail | null
}

/** A text that grows while its step goes on; `cut` where its beginning is not there any more. */
export type Growing = { text: string; cut: boolean }

/** What goes on within the running step: code while it is written, output while code prints it. It is of the moment. */
export type Live = { stepId: string; code: Growing; stdout: Growing; stderr: Growing }

/** A job as its events tell it. */
export type Progress = {
  /** Number of the last event that was applied; 0 before the first. */
  last: number
  state: JobState
  steps: readonly Step[]
  attempts: readonly Attempt[]
  /** Null where nothing is told of the running step, and as soon as the step has said what came of it. */
  live: Live | null
  summary: string
  error: Failure | null
  startedAt: number | null
  finishedAt: number | null
}

/** A job of which nothing is known yet. */
export const NOTHING: Progress = {
  last: 0,
  state: 'queued',
  steps: [],
  attempts: [],
  live: null,
  summary: '',
  error: null,
  startedAt: null,
  finishedAt: null,
}

type Data = {
  step_id?: string
  kind?: string
  picture?: number | null
  state?: string
  duration_ms?: number
  detail?: StepDetail | null
  summary?: string
  error?: Failure | null
}

const replaceStep = (steps: readonly Step[], id: string | undefined, change: (step: Step) => Step) =>
  steps.map((step) => (step.id === id ? change(step) : step))

const changeLast = (attempts: readonly Attempt[], change: Partial<Attempt>) =>
  attempts.map((attempt, i) => (i === attempts.length - 1 ? { ...attempt, ...change } : attempt))

function withDetail(attempts: readonly Attempt[], kind: string, detail: StepDetail): readonly Attempt[] {
  if (kind === 'think' && detail.action === 'write_code' && typeof detail.code === 'string') {
    const made = { findings: null, verdict: null, run: null, model: detail.model ?? '' }
    const { code, explanation = '' } = detail
    return [...attempts, { ...made, number: attempts.length + 1, code, explanation }]
  }
  if (kind === 'review' && detail.verdict)
    return changeLast(attempts, { findings: detail.findings ?? [], verdict: detail.verdict })
  if (kind === 'run' && detail.status) return changeLast(attempts, { run: detail })
  return attempts
}

function finishStep(progress: Progress, data: Data): Progress {
  const detail = data.detail ?? {}
  const state = data.state === 'failed' || data.state === 'cancelled' ? data.state : 'succeeded'
  const durationMs = data.duration_ms ?? null
  return {
    ...progress,
    live: progress.live?.stepId === data.step_id ? null : progress.live,
    steps: replaceStep(progress.steps, data.step_id, (step) => ({ ...step, state, durationMs, detail })),
    attempts: withDetail(progress.attempts, data.kind ?? '', detail),
  }
}

function finishJob(progress: Progress, data: Data, at: number): Progress {
  const end = (step: Step): Step =>
    step.state === 'running' ? { ...step, state: 'cancelled', durationMs: at - step.startedAt } : step
  return {
    ...progress,
    state: (data.state as JobState) ?? 'failed',
    summary: data.summary ?? '',
    error: data.error ?? null,
    live: null,
    finishedAt: at,
    steps: progress.steps.map(end),
  }
}

/** Most of a live text that is kept, in characters: the newest. The server keeps no more either. */
const MOST_LIVE = 64 * 1024
const EMPTY: Growing = { text: '', cut: false }

type Piece = { step_id?: string; channel?: string; replace?: boolean; cut?: boolean; text?: string }

/** Adds to what goes on within the running step. What is late, of a step that has ended, is passed over. */
function applyLive(progress: Progress, piece: Piece): Progress {
  const { step_id: stepId, channel, text } = piece
  const isKnown = channel === 'code' || channel === 'stdout' || channel === 'stderr'
  const step = progress.steps.find((one) => one.id === stepId)
  if (!stepId || !isKnown || typeof text !== 'string') return progress
  if (isOver(progress.state) || (step && step.state !== 'running')) return progress
  const begun = { stepId, code: EMPTY, stdout: EMPTY, stderr: EMPTY }
  const live = progress.live?.stepId === stepId ? progress.live : begun
  const before = piece.replace ? EMPTY : live[channel]
  const whole = before.text + text
  const cut = before.cut || piece.cut === true || whole.length > MOST_LIVE
  return { ...progress, live: { ...live, [channel]: { text: whole.slice(-MOST_LIVE), cut } } }
}

/**
 * Applies one event. Pure; an event that was applied before changes nothing, so a reconnect that repeats some does no
 * harm, and one that cannot be read or is of an unknown name is passed over. Events `live` have no number: the server says
 * which of them take the place of what was told before.
 */
export function applyEvent(progress: Progress, event: ServerEvent): Progress {
  if (event.event === 'live') {
    try {
      return applyLive(progress, JSON.parse(event.data) ?? {})
    } catch {
      return progress
    }
  }
  const number = Number(event.id ?? 0)
  if (number <= progress.last) return progress
  let body: { at_ms?: number; data?: Data | null }
  try {
    body = JSON.parse(event.data)
  } catch {
    return progress
  }
  const data = body?.data ?? {}
  const at = body?.at_ms ?? 0
  const now = { ...progress, last: number }
  switch (event.event) {
    case 'job_started':
      return { ...now, state: 'running', startedAt: at }
    case 'step_started': {
      if (!data.step_id || now.steps.some((step) => step.id === data.step_id)) return now
      const base = { state: 'running' as const, startedAt: at, durationMs: null, repeats: 0, detail: {} }
      const step = { ...base, id: data.step_id, kind: data.kind ?? '', picture: data.picture ?? null }
      return { ...now, steps: [...now.steps, step] }
    }
    case 'step_repeated':
      return {
        ...now,
        steps: replaceStep(now.steps, data.step_id, (step) => ({ ...step, repeats: step.repeats + 1 })),
      }
    case 'step_finished':
      return finishStep(now, data)
    case 'job_finished':
      return finishJob(now, data, at)
    default:
      return now
  }
}

/** Whether nothing more will come. */
export const isOver = (state: JobState) =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled'

/** How far a picture has developed, 0 to 1, told by the steps behind it. It never goes back. */
export function developed(progress: Progress): number {
  if (progress.state === 'succeeded') return 1
  const share: Record<string, number> = { look: 0.25, think: 0.45, review: 0.6, run: 0.9 }
  const done = progress.steps
    .filter((step) => step.state === 'succeeded')
    .map((step) => share[step.kind] ?? 0)
  return Math.max(0.06, ...done)
}
