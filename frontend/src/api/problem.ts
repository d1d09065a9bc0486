import type { Problem } from './types'

/** An answer that was a refusal, or no answer at all. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title)
    this.name = 'ApiError'
  }
}

/** The problem of a server that gave no answer. */
export const unreachable = (): Problem => ({
  type: '/docs/errors#service_unreachable',
  code: 'service_unreachable',
  status: 503,
  title: 'The server does not answer.',
  detail: 'The server does not answer, or the connection is down.',
  advice: 'Look whether Darkroom is running, then try again.',
})

/** Reads the problem out of a refusal. Answers of proxies, which are no problem+json, get words of their own. */
export async function readProblem(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null)
  if (body && typeof body === 'object' && 'code' in body && 'detail' in body) return body as Problem
  return {
    ...unreachable(),
    status: response.status,
    title: 'The server gave an answer that cannot be read.',
    detail: `The server answered ${response.status} without saying why.`,
    advice: 'Try again in a moment.',
  }
}

/** The problem of anything that was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem
  return {
    type: '/docs/errors#internal_error',
    code: 'internal_error',
    status: 0,
    title: 'Something went wrong in this page.',
    detail: error instanceof Error ? error.message : String(error),
    advice: 'Reload the page. If it happens again, tell whoever runs this server.',
  }
}
