import { CheckIcon, XIcon } from 'lucide-react'
import type { Measure, Round } from '@/api/types'
import { Badge } from '@/components/ui/badge'
import { Card } from '@/components/ui/card'
import { plainName } from '@/lib/format'
import { cn } from '@/lib/utils'

const share = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 100)
const percent = (value: number) => `${share(value)} %`
const along = (value: number) => `${share(value)}%`

function Bar({ measure }: { measure: Measure }) {
  const value = measure.value
  const aim = typeof measure.aim === 'number' ? measure.aim : null
  const met = value !== null && aim !== null ? value >= aim : true
  return (
    <div className="grid gap-1">
      <div className="flex items-baseline justify-between gap-3 text-sm">
        <span className="min-w-0 truncate">{plainName(measure.name.replaceAll('_', ' '))}</span>
        <span className="text-xs text-muted-foreground tabular-nums">
          {value === null ? 'not measured' : percent(value)}
          {measure.aim != null && ` (aim ${aim === null ? plainName(String(measure.aim)) : percent(aim)})`}
        </span>
      </div>
      <div className="relative h-1.5 rounded-full bg-muted" aria-hidden>
        {value !== null && (
          <div
            className={cn('h-full rounded-full', met ? 'bg-success' : 'bg-warning')}
            style={{ width: along(value) }}
          />
        )}
        {aim !== null && (
          <div className="absolute inset-y-[-3px] w-0.5 bg-foreground/60" style={{ left: along(aim) }} />
        )}
      </div>
      {measure.note && <p className="text-xs text-muted-foreground">{plainName(measure.note)}</p>}
    </div>
  )
}

function Report({ title, lines }: { title: string; lines: readonly string[] }) {
  if (lines.length === 0) return null
  return (
    <div>
      <h3 className="mb-1 text-xs font-medium text-muted-foreground">{title}</h3>
      <ul className="grid list-disc gap-1 pl-4 text-sm">
        {lines.map((line) => (
          <li key={line} className="break-words">
            {plainName(line)}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** How well each round met what was asked for, measure by measure. */
export function Rounds({ rounds }: { rounds: readonly Round[] }) {
  return (
    <section aria-labelledby="rounds" className="grid gap-3">
      <h2 id="rounds" className="font-display text-2xl">
        {rounds.length === 1 ? 'How well it was met' : `${rounds.length} rounds, scored`}
      </h2>
      <div className="grid gap-4 xl:grid-cols-2">
        {rounds.map((round) => {
          const kind = round.measures.find((measure) => measure.name === 'kind')
          return (
            <Card key={round.attempt} className={cn('p-4', round.delivered && 'border-success/60')}>
              <div className="mb-3 flex flex-wrap items-center gap-2">
                <span className="font-medium">Attempt {round.attempt}</span>
                {round.delivered && <Badge tone="success">delivered</Badge>}
                {kind && (
                  <Badge tone={kind.value === 1 ? 'neutral' : 'warning'}>
                    {kind.value === 1 ? <CheckIcon aria-hidden /> : <XIcon aria-hidden />}
                    {kind.value === 1 ? 'right kind' : 'wrong kind'}
                  </Badge>
                )}
                <span className="ml-auto font-display text-3xl tabular-nums">{percent(round.score)}</span>
              </div>
              <div className="grid gap-3">
                {round.measures.map((measure) => (
                  <Bar key={measure.name} measure={measure} />
                ))}
                <Report title="About the code" lines={round.code_report} />
                <Report title="About the picture" lines={round.visual_report} />
              </div>
            </Card>
          )
        })}
      </div>
    </section>
  )
}
