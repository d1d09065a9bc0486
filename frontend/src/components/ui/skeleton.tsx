import { cn } from '@/lib/utils'

/** The place of something that is still on its way, in its final size. */
export const Skeleton = ({ className }: { className?: string }) => (
  <div aria-hidden data-slot="skeleton" className={cn('skeleton', className)} />
)
