import { useState } from 'react'
import type { Job } from '@/api/types'
import { useBlobUrl, useBytes } from '@/components/secure-image'
import { cn } from '@/lib/utils'
import { developed, isOver, type Progress } from './progress'

/** A picture in the tray: it comes up with each step that is done. */
function Developing({
  fileId,
  progress,
  className,
  alt,
}: {
  fileId: string
  progress: Progress
  className: string
  alt: string
}) {
  const bytes = useBytes(`/api/v1/files/${fileId}/content`)
  const url = useBlobUrl(bytes.data, 'image/png')
  const over = isOver(progress.state)
  if (bytes.isError)
    return (
      <p className={cn('grid place-items-center text-sm opacity-80', className)}>
        The picture is not there any more.
      </p>
    )
  return (
    <div className={cn('relative', className)}>
      {url && (
        <img
          src={url}
          alt={alt}
          className="developing absolute inset-0 size-full object-contain"
          style={{ '--developed': over ? 1 : developed(progress) } as React.CSSProperties}
        />
      )}
      {!over && <div aria-hidden className="developing-light pointer-events-none absolute -inset-40" />}
    </div>
  )
}

/** The pictures of a job as they were given, small, beside its steps. */
export function Plate({ job, progress }: { job: Job; progress: Progress }) {
  const [index, setIndex] = useState(0)
  const fileId = job.file_ids[index] ?? job.file_ids[0]
  const many = job.file_ids.length > 1
  return (
    <div>
      <div className={cn('tray overflow-hidden rounded-lg p-3', isOver(progress.state) && 'tray-still')}>
        {fileId && (
          <Developing
            key={fileId}
            fileId={fileId}
            progress={progress}
            alt={`Your picture${many ? ` ${index + 1}` : ''}`}
            className="h-44"
          />
        )}
      </div>
      {many && (
        <div role="group" aria-label="Pictures" className="mt-2 flex flex-wrap gap-1">
          {job.file_ids.map((id, i) => (
            <button
              key={id}
              type="button"
              aria-pressed={i === index}
              onClick={() => setIndex(i)}
              className={cn(
                'size-8 rounded-md border text-xs tabular-nums hover:bg-accent',
                i === index && 'border-primary bg-accent',
              )}
            >
              {i + 1}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}

/** The picture, large, while there is nothing else to show. */
export function DevelopingStage({ job, progress, said }: { job: Job; progress: Progress; said: string }) {
  const fileId = job.file_ids[0]
  return (
    <div className="tray grid overflow-hidden h-[clamp(22rem,62vh,44rem)] grid-rows-[1fr_auto] gap-4 rounded-xl p-6">
      {fileId && (
        <Developing fileId={fileId} progress={progress} alt="Your picture, developing" className="min-h-0" />
      )}
      <p className="relative text-center font-display text-2xl">{said}</p>
    </div>
  )
}
