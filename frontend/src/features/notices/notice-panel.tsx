import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { CheckIcon, CircleAlertIcon, HourglassIcon } from 'lucide-react'
import { Link } from 'react-router'
import { useApi } from '@/api/context'
import { ProblemAlert } from '@/components/problem-alert'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Skeleton } from '@/components/ui/skeleton'
import { formatAgo, plainName } from '@/lib/format'
import { cn } from '@/lib/utils'
import { type Notice, type NoticeKind, notices, takeAsRead } from './api'
import { NextSteps } from './next-steps'

const MARKS: Record<NoticeKind, { Icon: typeof CheckIcon; tone: string; label: string }> = {
  job_succeeded: { Icon: CheckIcon, tone: 'text-success', label: 'developed' },
  job_failed: { Icon: CircleAlertIcon, tone: 'text-destructive', label: 'failed' },
  job_stopped: { Icon: HourglassIcon, tone: 'text-warning', label: 'stopped at a limit' },
}

function OneNotice({
  notice,
  onRead,
  onClose,
}: {
  notice: Notice
  onRead: (id: string) => void
  onClose: () => void
}) {
  const { Icon, tone, label } = MARKS[notice.kind] ?? MARKS.job_failed
  const isNew = !notice.read_at
  const read = () => isNew && onRead(notice.id)
  return (
    <li className="flex gap-3 py-3.5">
      <Icon role="img" aria-label={label} className={cn('mt-1 size-4 shrink-0', tone)} />
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline justify-between gap-3 text-sm">
          <Link
            to={`/jobs/${notice.job_id}`}
            className={cn('min-w-0 break-words underline-offset-4 hover:underline', isNew && 'font-semibold')}
            onClick={() => {
              read()
              onClose()
            }}
          >
            {plainName(notice.title)}
          </Link>
          <span className="text-xs whitespace-nowrap text-muted-foreground">
            {isNew && <span className="mr-1.5 rounded-full bg-primary/15 px-1.5 text-primary">new</span>}
            {formatAgo(notice.created_at)}
          </span>
        </p>
        {notice.text && (
          <p className="mt-0.5 line-clamp-3 text-sm break-words text-muted-foreground">
            {plainName(notice.text.replaceAll(/\s+/g, ' '))}
          </p>
        )}
        {notice.options.length > 0 && (
          <NextSteps
            notice={notice}
            onDone={() => {
              read()
              onClose()
            }}
          />
        )}
      </div>
    </li>
  )
}

/** What one was told of one's jobs, newest first, with what can be done where something went wrong. */
export default function NoticePanel({ onClose }: { onClose: () => void }) {
  const api = useApi()
  const cache = useQueryClient()
  const list = useInfiniteQuery(notices(api))
  const read = useMutation({
    mutationFn: (ids?: string[]) => takeAsRead(api, ids),
    onSettled: () => cache.invalidateQueries({ queryKey: ['notices'] }),
  })
  const all = list.data?.pages.flatMap((page) => page?.items ?? []) ?? []
  const left = list.data?.pages[0]?.unread ?? 0
  return (
    <Dialog title="Notifications" onClose={onClose} className="sm:mt-16 sm:mr-6">
      <div className="scroll-thin max-h-[min(38rem,calc(100dvh-14rem))] min-h-40 overflow-y-auto px-5 pb-4">
        {list.isError && <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />}
        {read.isError && <ProblemAlert error={read.error} className="mt-2" />}
        {list.isPending && <Skeleton className="mt-3 h-32" />}
        {list.data && all.length === 0 && (
          <p className="py-10 text-center text-sm text-muted-foreground">
            Nothing yet. When a job ends it is told here.
          </p>
        )}
        {all.length > 0 && (
          <ul aria-label="Notifications" className="divide-y">
            {all.map((notice) => (
              <OneNotice
                key={notice.id}
                notice={notice}
                onRead={(id) => read.mutate([id])}
                onClose={onClose}
              />
            ))}
          </ul>
        )}
        {list.hasNextPage && (
          <Button
            variant="outline"
            size="sm"
            className="mt-2"
            disabled={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            {list.isFetchingNextPage ? 'Loading…' : 'Older'}
          </Button>
        )}
      </div>
      <div className="flex flex-wrap items-center justify-between gap-2 border-t px-5 py-3">
        <Button variant="link" size="sm" className="px-0" asChild>
          <Link to="/settings?tab=notifications" onClick={onClose}>
            By e-mail or webhook
          </Link>
        </Button>
        <Button
          size="sm"
          variant="outline"
          disabled={left === 0 || read.isPending}
          onClick={() => read.mutate(undefined)}
        >
          Take all as read
        </Button>
      </div>
    </Dialog>
  )
}
