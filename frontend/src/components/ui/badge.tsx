import { cva, type VariantProps } from 'class-variance-authority'
import type { ComponentProps } from 'react'
import { cn } from '@/lib/utils'

const badge = cva(
  'inline-flex items-center gap-1.5 rounded-full border px-2.5 py-0.5 text-xs font-medium whitespace-nowrap [&_svg]:size-3',
  {
    variants: {
      tone: {
        neutral: 'bg-secondary text-secondary-foreground',
        running: 'border-primary/50 bg-primary/10 text-foreground',
        success: 'border-success/50 bg-success/10 text-foreground',
        warning: 'border-warning/50 bg-warning/10 text-foreground',
        danger: 'border-destructive/50 bg-destructive/10 text-foreground',
      },
    },
    defaultVariants: { tone: 'neutral' },
  },
)

/** A small label of a state. */
export const Badge = ({ className, tone, ...props }: ComponentProps<'span'> & VariantProps<typeof badge>) => (
  <span data-slot="badge" className={cn(badge({ tone }), className)} {...props} />
)
