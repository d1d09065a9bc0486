import { queryOptions } from '@tanstack/react-query'
import type { Api } from '@/api/client'

/** How often the meters are read again while they are looked at; each time is a request that counts. */
const POLL_MS = 10_000

/** What one used today, and what is left. */
export const usage = (api: Api) =>
  queryOptions({
    queryKey: ['usage'],
    queryFn: async ({ signal }) => (await api.GET('/api/v1/usage', { signal })).data,
    refetchInterval: POLL_MS,
  })
