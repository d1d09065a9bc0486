import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Api } from '@/api/client'
import type { components } from '@/api/schema.gen'

/** Every call about notifications stands in this file. */

type Schemas = components['schemas']
export type Notice = Schemas['NotificationView']
export type NoticeKind = Schemas['NoticeKind']
export type NextStep = Schemas['NextStep']
export type Delivery = Schemas['DeliveryView']
export type NoticeSettings = Schemas['SettingsView']
export type ChosenSettings = Schemas['NotificationSettings']
export type Channel = Schemas['Channel']

/** How often it is looked for news while nothing else tells of them. */
const POLL_MS = 30_000
/** How often deliveries are looked at while one is on its way. */
const SENDING_POLL_MS = 2_000

/** How many notifications are not read. */
export const unread = (api: Api) =>
  queryOptions({
    queryKey: ['notices', 'unread'],
    queryFn: async ({ signal }) => {
      const query = { unread: true, limit: 1 }
      return (await api.GET('/api/v1/notifications', { params: { query }, signal })).data?.unread ?? 0
    },
    refetchInterval: POLL_MS,
  })

/** All notifications, page by page, newest first. */
export const notices = (api: Api) =>
  infiniteQueryOptions({
    queryKey: ['notices', 'list'],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: 20, ...(pageParam && { cursor: pageParam }) }
      return (await api.GET('/api/v1/notifications', { params: { query }, signal })).data
    },
    getNextPageParam: (page) => page?.next_cursor ?? null,
  })

/** Takes notifications as read; all where none is named. */
export const takeAsRead = (api: Api, ids?: string[]) =>
  api.POST('/api/v1/notifications/read', { body: ids ? { ids } : {} })

/** Where one is told outside of the app. */
export const noticeSettings = (api: Api) =>
  queryOptions({
    queryKey: ['notices', 'settings'],
    queryFn: async ({ signal }) => (await api.GET('/api/v1/notifications/settings', { signal })).data,
  })

/** Whether a delivery is being sent for the first time; after a failure the next attempt comes minutes later. */
export const isOnItsWay = (one: Delivery) => one.state === 'waiting' && !one.last_error

/** The latest letters and webhooks. */
export const deliveries = (api: Api) =>
  queryOptions({
    queryKey: ['notices', 'deliveries'],
    queryFn: async ({ signal }) =>
      (await api.GET('/api/v1/notifications/deliveries', { signal })).data?.items ?? [],
    refetchInterval: (query) => (query.state.data?.some(isOnItsWay) ? SENDING_POLL_MS : POLL_MS),
  })
