import { ShieldCheckIcon, TriangleAlertIcon } from 'lucide-react'
import { counted, type Job, type Results } from '@/api/types'
import { Term } from '@/components/term'
import { Button } from '@/components/ui/button'
import { plainName, plainText } from '@/lib/format'
import type { Progress } from './progress'

type Props = { progress: Progress; job: Job; results: Results | undefined; onProof: () => void }

function Trust({ results, onProof }: { results: Results; onProof: () => void }) {
  const { total, doubtful } = counted(results.proof)
  if (total === 0) return null
  const Icon = doubtful > 0 ? TriangleAlertIcon : ShieldCheckIcon
  return (
    <Button variant="outline" size="sm" onClick={onProof} className="mt-3">
      <Icon aria-hidden className={doubtful > 0 ? 'text-warning' : 'text-success'} />
      {doubtful > 0
        ? `${doubtful} of ${total} values are in doubt`
        : `All ${total} values checked against the picture`}
    </Button>
  )
}

/** What was found, in plain words; who did the thinking, and what it cost. */
export function Summary({ progress, job, results, onProof }: Props) {
  const text = (progress.summary || job.summary).trim()
  const [first = '', ...rest] = text.split(/\n{2,}/)
  const usage = results?.usage ?? job.usage
  const tokens = usage.prompt_tokens + usage.completion_tokens
  const models = (results?.models ?? []).map((model) => (model === 'builtin' ? 'built-in rules' : model))
  if (progress.state === 'failed' && !results?.outputs.length) return null
  return (
    <div className="animate-rise">
      {progress.state === 'cancelled' && (
        <p className="mb-2 font-medium">Stopped. What existed by then is kept.</p>
      )}
      {first && !(progress.state === 'cancelled' && !results?.outputs.length) && (
        <p className="max-w-4xl text-lg text-pretty break-words whitespace-pre-line">{plainText(first)}</p>
      )}
      {rest.map((paragraph) => (
        <p
          key={paragraph}
          className="mt-2 max-w-4xl text-sm break-words whitespace-pre-line text-muted-foreground"
        >
          {plainText(paragraph)}
        </p>
      ))}
      {(models.some((model) => model !== 'built-in rules') || tokens > 0) && (
        <p className="mt-2 text-sm text-muted-foreground">
          {models.length > 0 && <>By {models.map(plainName).join(', ')}. </>}
          {tokens > 0 && (
            <>
              {tokens.toLocaleString('en')} <Term of="tokens">tokens</Term>.
            </>
          )}
        </p>
      )}
      {results && <Trust results={results} onProof={onProof} />}
    </div>
  )
}
