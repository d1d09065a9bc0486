import type { ComponentProps } from 'react'
import { cn } from '@/lib/utils'

/** A sheet that things lie on. */
export const Card = ({ className, ...props }: ComponentProps<'div'>) => (
  <div
    data-slot="card"
    className={cn('rounded-xl border bg-card text-card-foreground', className)}
    {...props}
  />
)
