import { queryOptions } from '@tanstack/react-query'
import type { Api } from '@/api/client'

/** Who plays the three roles, and how they are. */
export const models = (api: Api) =>
  queryOptions({
    queryKey: ['models'],
    queryFn: async ({ signal }) => (await api.GET('/api/v1/models', { signal })).data ?? null,
  })
