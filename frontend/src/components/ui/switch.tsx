import { cn } from '@/lib/utils'

type Props = {
  checked: boolean
  onChange: (checked: boolean) => void
  label: string
  hint?: string
  disabled?: boolean
}

/** A setting that is on or off, with its name and what it means. */
export const Switch = ({ checked, onChange, label, hint, disabled }: Props) => (
  <label className={cn('flex items-center justify-between gap-6 py-3', disabled && 'opacity-60')}>
    <span>
      <span className="block text-sm font-medium">{label}</span>
      {hint && <span className="block text-sm text-muted-foreground">{hint}</span>}
    </span>
    <input
      type="checkbox"
      role="switch"
      checked={checked}
      aria-checked={checked}
      disabled={disabled}
      onChange={(event) => onChange(event.target.checked)}
      className="relative h-6 w-11 shrink-0 cursor-pointer appearance-none rounded-full border border-input bg-muted transition-colors before:absolute before:top-0.5 before:left-0.5 before:size-[1.125rem] before:rounded-full before:bg-muted-foreground before:transition-transform checked:border-primary checked:bg-primary checked:before:translate-x-5 checked:before:bg-primary-foreground"
    />
  </label>
)
