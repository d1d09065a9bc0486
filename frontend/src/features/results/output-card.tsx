import { DownloadIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import type { OutputFile } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { formatBytes, plainName } from '@/lib/format'
import { OutputView } from './output-view'
import { useSave } from './save'

type Props = { output: OutputFile; tools?: ReactNode; children?: ReactNode }

/** An output with its name, size and a button to save it. */
export function OutputCard({ output, tools, children }: Props) {
  const save = useSave()
  const name = plainName(output.name)
  return (
    <Card className="min-w-0 animate-rise overflow-hidden">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b px-4 py-2">
        <h2 className="min-w-0 truncate text-sm font-medium" title={name}>
          {name}
        </h2>
        <span className="text-xs text-muted-foreground">{formatBytes(output.bytes)}</span>
        <span className="ml-auto flex items-center gap-1">
          {tools}
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Save ${name}`}
            disabled={save.isPending}
            onClick={() => save.mutate({ path: output.path, name: output.name })}
          >
            <DownloadIcon aria-hidden />
          </Button>
        </span>
      </div>
      <div className="p-4">{children ?? <OutputView output={output} />}</div>
    </Card>
  )
}
