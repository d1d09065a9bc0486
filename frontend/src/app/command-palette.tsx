import { useQuery } from '@tanstack/react-query'
import { Command } from 'cmdk'
import { KeyboardIcon, MoonIcon, SunIcon } from 'lucide-react'
import { useNavigate } from 'react-router'
import { useApi } from '@/api/context'
import { StateBadge } from '@/components/state-badge'
import { Dialog } from '@/components/ui/dialog'
import { recentJobs, titleOf } from '@/features/jobs/api'
import { setTheme, useTheme } from '@/lib/theme'
import { PAGES } from './navigation'

const ITEM =
  'flex cursor-pointer items-center gap-3 rounded-md px-3 py-2 text-sm data-[selected=true]:bg-accent data-[selected=true]:text-accent-foreground [&_svg]:size-4 [&_svg]:shrink-0'
const GROUP =
  '[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted-foreground'

/** Goes anywhere by typing a few letters. */
export default function CommandPalette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const navigate = useNavigate()
  const { isDark } = useTheme()
  const jobs = useQuery(recentJobs(useApi()))
  const go = (to: string) => {
    onClose()
    void navigate(to)
  }
  return (
    <Dialog title="Go to" hideTitle onClose={onClose} className="mt-[12vh] w-[min(36rem,calc(100vw-2rem))]">
      <Command label="Go to" className="flex min-h-0 flex-col">
        <Command.Input
          autoFocus
          placeholder="Go to a page, a job, a setting…"
          className="h-12 w-full border-b bg-transparent px-4 text-base outline-none placeholder:text-muted-foreground"
        />
        <Command.List className="scroll-thin max-h-[50vh] overflow-auto p-2">
          <Command.Empty className="px-3 py-8 text-center text-sm text-muted-foreground">
            Nothing is called that.
          </Command.Empty>
          <Command.Group heading="Pages" className={GROUP}>
            {PAGES.map((page) => (
              <Command.Item
                key={page.to}
                value={`page ${page.label}`}
                onSelect={() => go(page.to)}
                className={ITEM}
              >
                <page.icon aria-hidden />
                {page.label}
              </Command.Item>
            ))}
          </Command.Group>
          <Command.Group heading="Latest jobs" className={GROUP}>
            {jobs.data?.items.slice(0, 12).map((job) => (
              <Command.Item
                key={job.id}
                value={`job ${titleOf(job)} ${job.id}`}
                onSelect={() => go(`/jobs/${job.id}`)}
                className={ITEM}
              >
                <span className="min-w-0 flex-1 truncate">{titleOf(job)}</span>
                <StateBadge state={job.state} />
              </Command.Item>
            ))}
          </Command.Group>
          <Command.Group heading="Do" className={GROUP}>
            <Command.Item
              value="theme light dark"
              className={ITEM}
              onSelect={() => {
                setTheme(isDark ? 'light' : 'dark')
                onClose()
              }}
            >
              {isDark ? <SunIcon aria-hidden /> : <MoonIcon aria-hidden />}
              {isDark ? 'Light theme' : 'Dark theme'}
            </Command.Item>
            <Command.Item value="keyboard shortcuts help" className={ITEM} onSelect={onKeys}>
              <KeyboardIcon aria-hidden />
              Keyboard shortcuts
            </Command.Item>
          </Command.Group>
        </Command.List>
      </Command>
    </Dialog>
  )
}
