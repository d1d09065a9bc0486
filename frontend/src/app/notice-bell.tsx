import { useQuery } from '@tanstack/react-query'
import { BellIcon } from 'lucide-react'
import { useApi } from '@/api/context'
import { Button } from '@/components/ui/button'
import { unread } from '@/features/notices/api'

/** How many notifications wait, and the way to them. */
export function NoticeBell({ onOpen }: { onOpen: () => void }) {
  const count = useQuery(unread(useApi())).data ?? 0
  return (
    <Button
      variant="ghost"
      size="icon"
      className="relative"
      aria-label={count > 0 ? `Notifications, ${count} unread` : 'Notifications'}
      onClick={onOpen}
    >
      <BellIcon aria-hidden />
      {count > 0 && (
        <span
          aria-hidden
          className="absolute top-0.5 right-0.5 min-w-4 rounded-full bg-primary px-1 text-center text-[0.625rem] leading-4 font-semibold text-primary-foreground tabular-nums"
        >
          {count > 99 ? '99+' : count}
        </span>
      )}
    </Button>
  )
}
