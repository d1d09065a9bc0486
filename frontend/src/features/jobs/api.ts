import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Api, Send } from '@/api/client'
import type { Job, JobOptions, JobState, Results } from '@/api/types'

/** Every call about jobs stands in this file. */

const LIVE_POLL_MS = 3_000

/** Whether a job has not ended yet. */
export const isLive = (job: { state: JobState }) => job.state === 'queued' || job.state === 'running'

/** What a job is called in lists: what was asked, else what was found, else its kind of work. */
export function titleOf(job: Job): string {
  const asked = job.prompt.trim()
  if (asked) return asked
  const found = job.summary.split('\n')[0]?.trim()
  return found || 'Develop this picture'
}

/** The latest jobs. Asked again every few seconds only while one of them is live. */
export const recentJobs = (api: Api) =>
  queryOptions({
    queryKey: ['jobs', 'recent'],
    queryFn: async ({ signal }) => {
      const { data } = await api.GET('/api/v1/jobs', { params: { query: { limit: 24 } }, signal })
      return data as { items: Job[]; next_cursor?: string | null }
    },
    refetchInterval: (query) => (query.state.data?.items.some(isLive) ? LIVE_POLL_MS : false),
    refetchIntervalInBackground: true,
  })

/** All jobs, page by page, newest first; of one state, and with all words of a search, where these are given. */
export const jobPages = (api: Api, state: JobState | null, search: string) =>
  infiniteQueryOptions({
    queryKey: ['jobs', 'pages', state, search],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const wanted = { ...(state && { state }), ...(search && { q: search }) }
      const query = { limit: 30, ...wanted, ...(pageParam && { cursor: pageParam }) }
      const { data } = await api.GET('/api/v1/jobs', { params: { query }, signal })
      return data as { items: Job[]; next_cursor?: string | null }
    },
    getNextPageParam: (page) => page.next_cursor ?? null,
    // What was found before stays until the answer is there.
    placeholderData: keepPreviousData,
    refetchInterval: (query) =>
      query.state.data?.pages.some((page) => page.items.some(isLive)) ? LIVE_POLL_MS : false,
  })

/** One job. */
export const oneJob = (api: Api, id: string) =>
  queryOptions({
    queryKey: ['jobs', 'one', id],
    queryFn: async ({ signal }) => {
      const { data } = await api.GET('/api/v1/jobs/{id}', { params: { path: { id } }, signal })
      return data as Job
    },
  })

/** What a job gave so far. */
export const jobResults = (api: Api, id: string) =>
  queryOptions({
    queryKey: ['jobs', 'results', id],
    queryFn: async ({ signal }) => {
      const { data } = await api.GET('/api/v1/jobs/{id}/results', { params: { path: { id } }, signal })
      return data as Results
    },
  })

/** What a new job is made of. */
export type NewJob = { file_ids: string[]; prompt: string; options?: JobOptions }

/** Makes a job. The key makes a repeat after a lost answer harmless. */
export async function createJob(api: Api, body: NewJob, key: string): Promise<Job> {
  const { data } = await api.POST('/api/v1/jobs', { body, params: { header: { 'Idempotency-Key': key } } })
  return data as Job
}

/** Stops a job. */
export async function cancelJob(api: Api, id: string): Promise<Job> {
  const { data } = await api.POST('/api/v1/jobs/{id}/cancel', { params: { path: { id } } })
  return data as Job
}

/** Makes a new job with the same pictures, prompt and options, but for those that are named. */
export async function retryJob(api: Api, id: string, change: Partial<JobOptions> = {}): Promise<Job> {
  // Generated types have fields with a default as always there; here what is not named stays as it was.
  const body = { options: change as JobOptions }
  const { data } = await api.POST('/api/v1/jobs/{id}/retry', { params: { path: { id } }, body })
  return data as Job
}

/** Deletes a job that has ended, with everything it gave. */
export async function deleteJob(api: Api, id: string): Promise<void> {
  await api.DELETE('/api/v1/jobs/{id}', { params: { path: { id } } })
}

async function sendJson<T>(send: Send, method: string, path: string, body: unknown): Promise<T> {
  const headers = { 'Content-Type': 'application/json' }
  const response = await send(path, { method, headers, body: JSON.stringify(body) })
  return response.json() as Promise<T>
}

/** Asks for a change of what a job made: a new job that revises it. */
export const refineJob = (send: Send, id: string, prompt: string) =>
  sendJson<Job>(send, 'POST', `/api/v1/jobs/${encodeURIComponent(id)}/refine`, { prompt })

/** Two or more points of each axis, as a person put them. */
export type Calibration = {
  picture: number
  x?: { pixel: number; value: number }[]
  y?: { pixel: number; value: number }[]
}

/** Reads the numbers again with axes as a person put them: a new job that revises this one. */
export const calibrateJob = (send: Send, id: string, body: Calibration) =>
  sendJson<Job>(send, 'PATCH', `/api/v1/jobs/${encodeURIComponent(id)}/calibration`, body)

/** Address of everything a job gave, as one zip. */
export const bundlePath = (id: string) => `/api/v1/jobs/${encodeURIComponent(id)}/bundle`
