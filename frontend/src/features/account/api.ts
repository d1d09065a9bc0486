import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Api } from '@/api/client'
import type { components } from '@/api/schema.gen'

/** Every call about people, sessions, keys and invitations stands in this file. */

type Schemas = components['schemas']
export type Person = Schemas['Person']
export type Session = Schemas['Session']
export type ApiKey = Schemas['ApiKey']
export type MadeApiKey = Schemas['MadeApiKey']
export type Invitation = Schemas['Invitation']
export type AuditLine = Schemas['AuditLine']

/** Who asks. */
export const myself = (api: Api) =>
  queryOptions({
    queryKey: ['account', 'me'],
    queryFn: async ({ signal }) => (await api.GET('/api/v1/me', { signal })).data,
  })

/** One's sessions. */
export const sessions = (api: Api) =>
  queryOptions({
    queryKey: ['account', 'sessions'],
    queryFn: async ({ signal }) => (await api.GET('/api/v1/me/sessions', { signal })).data,
  })

/** One's API keys. */
export const keys = (api: Api) =>
  queryOptions({
    queryKey: ['account', 'keys'],
    queryFn: async ({ signal }) => (await api.GET('/api/v1/keys', { signal })).data,
  })

/** Everybody; for owners. */
export const people = (api: Api) =>
  queryOptions({
    queryKey: ['account', 'people'],
    queryFn: async ({ signal }) => (await api.GET('/api/v1/users', { signal })).data,
  })

/** The invitations that wait; for owners. */
export const invitations = (api: Api) =>
  queryOptions({
    queryKey: ['account', 'invitations'],
    queryFn: async ({ signal }) => (await api.GET('/api/v1/invitations', { signal })).data,
  })

/** What was done about people, sessions, invitations and keys, page by page, newest first; for owners. */
export const audit = (api: Api) =>
  infiniteQueryOptions({
    queryKey: ['account', 'audit'],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: 50, ...(pageParam && { before: pageParam }) }
      return (await api.GET('/api/v1/audit', { params: { query }, signal })).data
    },
    getNextPageParam: (page) => page?.next ?? null,
  })
