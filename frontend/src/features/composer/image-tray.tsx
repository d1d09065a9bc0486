import { RotateCwIcon, XIcon } from 'lucide-react'
import { SecureImage } from '@/components/secure-image'
import { formatBytes, plainName } from '@/lib/format'
import { cn } from '@/lib/utils'
import type { Item } from './draft'

type Props = { items: readonly Item[]; onRemove: (item: Item) => void; onRetry: (item: Item) => void }

function Picture({ item, name }: { item: Item; name: string }) {
  const look = 'size-full object-contain'
  if (item.preview) {
    const developed =
      item.state.kind === 'uploading' ? item.state.share : item.state.kind === 'ready' ? 1 : 0.1
    const style = { '--developed': developed } as React.CSSProperties
    return (
      <img src={item.preview} alt={`Preview of ${name}`} className={cn(look, 'developing')} style={style} />
    )
  }
  if (item.state.kind === 'ready')
    return (
      <SecureImage
        path={`/api/v1/files/${item.state.file.id}/thumbnail`}
        type="image/png"
        alt={`Preview of ${name}`}
        className={look}
      />
    )
  return <span aria-hidden className="skeleton size-full" />
}

function said(item: Item): string {
  switch (item.state.kind) {
    case 'checking':
      return 'Checking…'
    case 'uploading':
      return `${Math.round(item.state.share * 100)} %`
    case 'ready':
      return `${item.state.file.width} × ${item.state.file.height}`
    case 'refused':
      return formatBytes(item.bytes)
  }
}

function Refused({ item, onRemove, onRetry }: { item: Item } & Omit<Props, 'items'>) {
  if (item.state.kind !== 'refused') return null
  const name = plainName(item.name)
  return (
    <li className="flex w-full items-start gap-3 rounded-lg border border-destructive/50 bg-destructive/8 p-3 text-sm">
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium" title={name}>
          {name}
        </p>
        <p role="alert" className="break-words text-muted-foreground">
          {item.state.sentence} {item.state.advice}
        </p>
      </div>
      {item.state.canRetry && (
        <button
          type="button"
          aria-label={`Send ${name} again`}
          onClick={() => onRetry(item)}
          className="grid size-8 place-items-center rounded-md hover:bg-accent pointer-coarse:size-11"
        >
          <RotateCwIcon aria-hidden className="size-4" />
        </button>
      )}
      <button
        type="button"
        aria-label={`Take ${name} away`}
        onClick={() => onRemove(item)}
        className="grid size-8 place-items-center rounded-md hover:bg-accent pointer-coarse:size-11"
      >
        <XIcon aria-hidden className="size-4" />
      </button>
    </li>
  )
}

/** The chosen pictures, each with how far it is. */
export default function ImageTray({ items, onRemove, onRetry }: Props) {
  if (items.length === 0) return null
  return (
    <ul aria-label="Chosen pictures" className="flex flex-wrap gap-3 p-3 pb-1">
      {items.map((item) => {
        const name = plainName(item.name)
        if (item.state.kind === 'refused')
          return <Refused key={item.key} item={item} onRemove={onRemove} onRetry={onRetry} />
        return (
          <li key={item.key} className="relative w-32 animate-rise">
            <div className="shelf relative h-24 overflow-hidden rounded-md border p-1">
              <Picture item={item} name={name} />
              {item.state.kind === 'uploading' && (
                <progress
                  aria-label={`Upload of ${name}`}
                  value={item.state.share}
                  className="absolute inset-x-0 bottom-0 h-1 w-full appearance-none bg-transparent [&::-moz-progress-bar]:bg-primary [&::-webkit-progress-bar]:bg-transparent [&::-webkit-progress-value]:bg-primary"
                />
              )}
            </div>
            <p className="mt-1 truncate text-xs" title={name}>
              {name}
            </p>
            <p className="text-xs text-muted-foreground tabular-nums">{said(item)}</p>
            <button
              type="button"
              aria-label={`${item.state.kind === 'uploading' ? 'Stop the upload of' : 'Take away'} ${name}`}
              onClick={() => onRemove(item)}
              className="absolute -top-2 -right-2 grid size-7 place-items-center rounded-full border bg-popover hover:bg-accent pointer-coarse:size-10"
            >
              <XIcon aria-hidden className="size-3.5" />
            </button>
          </li>
        )
      })}
    </ul>
  )
}
