import createClient from 'openapi-fetch'
import type { GetToken } from '@/auth/types'
import { ApiError, readProblem, unreachable } from './problem'
import type { paths } from './schema.gen'

/** A fetch that proves who is asking, asks once more with a fresh proof, and throws `ApiError` for any refusal. */
export type Send = (input: string | Request, init?: RequestInit) => Promise<Response>

/** Makes the fetch that everything uses. */
export function createSend(getToken: GetToken, fetchImpl: typeof fetch = (...a) => fetch(...a)): Send {
  async function attempt(request: Request, fresh: boolean) {
    const token = await getToken({ fresh })
    if (token) request.headers.set('Authorization', `Bearer ${token}`)
    return fetchImpl(request)
  }
  return async (input, init) => {
    const request = new Request(
      typeof input === 'string' ? new URL(input, window.location.origin) : input,
      init,
    )
    const again = request.clone()
    let response: Response
    try {
      response = await attempt(request, false)
      if (response.status === 401) response = await attempt(again, true)
    } catch (error) {
      if (request.signal.aborted) throw error
      throw new ApiError(unreachable())
    }
    if (!response.ok) throw new ApiError(await readProblem(response))
    return response
  }
}

/** The typed client of the API. Errors are thrown, so `data` is always there. */
export function createApi(send: Send) {
  const client = createClient<paths>({ baseUrl: window.location.origin, fetch: send })
  return client
}

export type Api = ReturnType<typeof createApi>
