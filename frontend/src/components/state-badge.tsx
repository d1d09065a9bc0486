import { BanIcon, CheckIcon, CircleAlertIcon, HourglassIcon } from 'lucide-react'
import type { JobState } from '@/api/types'
import { Badge } from './ui/badge'

/** Where a job stands, in the words of this app. */
export const STATE_WORDS: Record<JobState, string> = {
  queued: 'Waiting',
  running: 'Developing',
  succeeded: 'Developed',
  failed: 'Failed',
  cancelled: 'Stopped',
}

const LOOK: Record<JobState, { tone: 'neutral' | 'running' | 'success' | 'danger'; icon: React.ReactNode }> =
  {
    queued: { tone: 'neutral', icon: <HourglassIcon aria-hidden /> },
    running: {
      tone: 'running',
      icon: <span aria-hidden className="lamp lamp-live !size-2 !shadow-none" />,
    },
    succeeded: { tone: 'success', icon: <CheckIcon aria-hidden className="text-success" /> },
    failed: { tone: 'danger', icon: <CircleAlertIcon aria-hidden className="text-destructive" /> },
    cancelled: { tone: 'neutral', icon: <BanIcon aria-hidden /> },
  }

/** A job's state as a badge. */
export const StateBadge = ({ state, className }: { state: JobState; className?: string }) => (
  <Badge tone={LOOK[state].tone} className={className}>
    {LOOK[state].icon}
    {STATE_WORDS[state]}
  </Badge>
)
