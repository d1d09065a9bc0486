import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useReducer, useRef, useState } from 'react'
import { useAuth } from '@/auth/context'
import { type ServerEvent, SseFatal, streamEvents } from '@/lib/sse'
import { applyEvent, isOver, NOTHING, type Progress } from './progress'

/** How the line to the server is. */
export type Line = 'connecting' | 'open' | 'retrying' | 'closed' | 'refused'

const apply = (progress: Progress, events: readonly ServerEvent[]) => events.reduce(applyEvent, progress)

/** What changes the stored results of a job. */
const changesResults = ({ event, data }: ServerEvent) =>
  event === 'job_finished' || (event === 'step_finished' && /"kind":"(look|run|review)"/.test(data))

/** How long events are gathered for one change of the page. */
const GATHER_MS = 30

/** Follows a job from its beginning, through dropped lines and restarts of the server. One job for each mount. */
export function useProgress(id: string): { progress: Progress; line: Line } {
  const { getToken } = useAuth()
  const token = useRef(getToken)
  useEffect(() => {
    token.current = getToken
  })
  const cache = useQueryClient()
  const [progress, dispatch] = useReducer(apply, NOTHING)
  const [line, setLine] = useState<Line>('connecting')
  useEffect(() => {
    const stop = new AbortController()
    let over = false
    let waiting: ServerEvent[] = []
    let isFirst = true
    // Many events at once (a job looked at later) become one change of the page; what comes first is shown at once.
    const flush = () => {
      const events = waiting
      waiting = []
      if (events.length === 0 || stop.signal.aborted) return
      dispatch(events)
      if (events.some(changesResults)) {
        void cache.invalidateQueries({ queryKey: ['jobs', 'results', id] })
        void cache.invalidateQueries({ queryKey: ['jobs', 'one', id] })
      }
    }
    streamEvents({
      url: `/api/v1/jobs/${encodeURIComponent(id)}/events`,
      getToken: (options) => token.current(options),
      signal: stop.signal,
      isDone: () => over,
      onState: setLine,
      onEvent: (event) => {
        if (event.event === 'job_finished') over = true
        if (waiting.length === 0) setTimeout(flush, isFirst ? 0 : GATHER_MS)
        isFirst = false
        waiting.push(event)
      },
    })
      .then(() => !stop.signal.aborted && setLine('closed'))
      .catch((error: unknown) => setLine(error instanceof SseFatal ? 'refused' : 'retrying'))
    return () => stop.abort()
  }, [id, cache])
  const over = isOver(progress.state)
  useEffect(() => {
    if (over) {
      void cache.invalidateQueries({ queryKey: ['jobs', 'recent'] })
      void cache.invalidateQueries({ queryKey: ['jobs', 'pages'] })
    }
  }, [over, cache])
  return { progress, line }
}
