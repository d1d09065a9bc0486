import type { ComponentProps } from 'react'
import { cn } from '@/lib/utils'

const FIELD =
  'w-full min-w-0 rounded-md border border-input bg-background/60 px-3 text-base outline-offset-0 placeholder:text-muted-foreground aria-invalid:border-destructive sm:text-sm'

/** A field of one line. */
export const Input = ({ className, ...props }: ComponentProps<'input'>) => (
  <input data-slot="input" className={cn(FIELD, 'h-9 pointer-coarse:h-11', className)} {...props} />
)

/** A field of several lines. */
export const Textarea = ({ className, ...props }: ComponentProps<'textarea'>) => (
  <textarea data-slot="textarea" className={cn(FIELD, 'py-2', className)} {...props} />
)

/** A choice of few. The browser's own: small, and best on phones. */
export const Select = ({ className, ...props }: ComponentProps<'select'>) => (
  <select
    data-slot="select"
    className={cn(FIELD, 'h-9 bg-card pr-8 pointer-coarse:h-11', className)}
    {...props}
  />
)
