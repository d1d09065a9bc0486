import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '@/api/context'
import type { ModelRole, ModelState } from '@/api/types'
import { Page } from '@/components/page'
import { ProblemAlert } from '@/components/problem-alert'
import { Term } from '@/components/term'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Textarea } from '@/components/ui/input'
import { Skeleton } from '@/components/ui/skeleton'
import { formatAgo, formatDuration, plainName, plural } from '@/lib/format'
import { models as allModels } from './api'
import { Calls } from './calls'

const ROLES: Record<string, { title: string; does: string; example: string }> = {
  vision: {
    title: 'Vision',
    does: 'Looks at pictures and says what is there.',
    example: 'What do you see? Answer in one sentence.',
  },
  code: {
    title: 'Code',
    does: 'Writes the Python, and repairs it.',
    example: 'Write a Python function that adds two numbers.',
  },
  reasoning: {
    title: 'Reasoning',
    does: 'Sums up what was found.',
    example: 'In one sentence: why do bar charts begin at zero?',
  },
}

function stateOf(model: ModelState): { tone: 'neutral' | 'success' | 'warning' | 'danger'; words: string } {
  const seen = model.seen
  if (!seen) return { tone: 'neutral', words: 'always answers' }
  if (seen.breaker === 'open') return { tone: 'danger', words: 'left alone' }
  if (seen.breaker === 'half_open') return { tone: 'warning', words: 'on trial' }
  if (seen.healthy == null) return { tone: 'neutral', words: 'not asked yet' }
  return seen.healthy ? { tone: 'success', words: 'well' } : { tone: 'danger', words: 'failing' }
}

function Figures({ model }: { model: ModelState }) {
  const seen = model.seen
  if (!seen)
    return (
      <p className="text-sm text-muted-foreground">
        Fixed rules within this program. They cost nothing and need no network.
      </p>
    )
  const rows: [string, string][] = [
    ['Calls', `${seen.calls}${seen.failures > 0 ? `, ${seen.failures} failed` : ''}`],
    ['Last answer', seen.last_answer_at ? formatAgo(seen.last_answer_at) : 'none yet'],
    ['It took', seen.last_latency_ms == null ? '–' : formatDuration(seen.last_latency_ms)],
    [
      'Tokens',
      `${seen.usage.prompt_tokens.toLocaleString('en')} in, ${seen.usage.completion_tokens.toLocaleString('en')} out`,
    ],
  ]
  const fault = seen.last_error?.error ?? seen.last_check_error
  return (
    <>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
        {rows.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted-foreground">{name}</dt>
            <dd className="text-right tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      {seen.retry_in_seconds != null && (
        <p className="mt-2 text-sm text-muted-foreground">
          <Term of="breaker">Left alone</Term> for {plural(seen.retry_in_seconds, 'more second')}.
        </p>
      )}
      {fault && (
        <p className="mt-2 text-sm break-words">
          <span className="text-destructive">{plainName(fault.detail)}</span>{' '}
          <span className="text-muted-foreground">{fault.advice}</span>
        </p>
      )}
    </>
  )
}

function Try({ role, example }: { role: string; example: string }) {
  const api = useApi()
  const [prompt, setPrompt] = useState('')
  const attempt = useMutation({
    mutationFn: async () => {
      const path = { role }
      const { data } = await api.POST('/api/v1/models/{role}/try', {
        params: { path },
        body: { prompt: prompt.trim() || example },
      })
      return data
    },
  })
  const answer = attempt.data
  return (
    <form
      aria-label={`Try ${role}`}
      className="mt-4 grid gap-2 border-t pt-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (!attempt.isPending) attempt.mutate()
      }}
    >
      <label htmlFor={`try-${role}`} className="text-sm font-medium">
        Try it
      </label>
      <Textarea
        id={`try-${role}`}
        rows={2}
        value={prompt}
        placeholder={example}
        onChange={(event) => setPrompt(event.target.value)}
        className="field-sizing-content max-h-40"
      />
      <div className="flex items-center justify-between gap-3">
        <p className="text-xs text-muted-foreground">
          {role === 'vision' ? 'A picture of three bars goes with it. ' : ''}May cost what a call costs.
        </p>
        <Button type="submit" variant="outline" size="sm" disabled={attempt.isPending}>
          {attempt.isPending ? 'Asking…' : 'Ask'}
        </Button>
      </div>
      {attempt.isError && <ProblemAlert error={attempt.error} />}
      {answer && (
        <div role="status" className="animate-rise">
          <pre
            tabIndex={0}
            role="region"
            aria-label="Answer"
            className="scroll-thin max-h-60 overflow-auto rounded-md bg-code p-3 font-mono text-xs whitespace-pre-wrap [overflow-wrap:anywhere]"
          >
            {answer.text}
          </pre>
          <p className="mt-1 text-xs text-muted-foreground">
            {plainName(answer.model)}, {formatDuration(answer.latency_ms)}, {answer.usage.prompt_tokens}{' '}
            tokens in, {answer.usage.completion_tokens} out{answer.cut_off && ', cut off at its limit'}
          </p>
          {answer.passed_over.map((one) => (
            <p key={one.model} className="text-xs text-muted-foreground">
              {plainName(one.model)} gave no answer: {plainName(one.why)}
            </p>
          ))}
        </div>
      )}
    </form>
  )
}

function Role({ role }: { role: ModelRole }) {
  const words = ROLES[role.role] ?? { title: role.role, does: '', example: 'Say hello.' }
  return (
    <Card className="flex min-w-0 flex-col p-5">
      <h2 className="font-display text-2xl">{words.title}</h2>
      <p className="text-sm text-muted-foreground">{words.does}</p>
      <ol aria-label={`Who plays ${words.title}, in order`} className="mt-4 grid gap-3">
        {role.chain.map((model, i) => {
          const state = stateOf(model)
          return (
            <li key={`${model.model} ${model.host ?? ''}`} className="rounded-lg border p-3">
              <div className="mb-2 flex items-start justify-between gap-2">
                <span className="min-w-0">
                  <span className="block truncate font-medium" title={plainName(model.model)}>
                    {i > 0 && <span className="font-normal text-muted-foreground">else </span>}
                    {model.model === 'builtin' ? 'Built-in rules' : plainName(model.model)}
                  </span>
                  {model.host && (
                    <span className="block truncate text-xs text-muted-foreground">
                      {plainName(model.host)}
                    </span>
                  )}
                </span>
                <Badge tone={state.tone}>{state.words}</Badge>
              </div>
              <Figures model={model} />
            </li>
          )
        })}
      </ol>
      <div className="mt-auto">
        {role.chain.some((model) => model.host) ? (
          <Try role={role.role} example={words.example} />
        ) : (
          <p className="mt-4 border-t pt-4 text-sm text-muted-foreground">
            There is no model to ask. Rules work on pictures, not on questions.
          </p>
        )}
      </div>
    </Card>
  )
}

/** Who plays the three roles, how they are, and a way to ask them something. */
export function ModelsPage() {
  const api = useApi()
  const models = useQuery({ ...allModels(api), refetchInterval: 15_000 })
  return (
    <Page
      name="Models"
      title="Models"
      lead="Three roles do the thinking. Each may be played by a language model, with another behind it; where none answers, built-in rules do."
      className="max-w-[90rem]"
    >
      {models.isError && (
        <ProblemAlert error={models.error} onRetry={() => void models.refetch()} className="mb-4" />
      )}
      <div className="grid gap-4 lg:grid-cols-3">
        {models.isPending && ['a', 'b', 'c'].map((key) => <Skeleton key={key} className="h-96" />)}
        {models.data?.roles.map((role) => (
          <Role key={role.role} role={role} />
        ))}
      </div>
      <p className="mt-6 text-sm text-muted-foreground">
        Figures are those since this server started. Which there are is set in its settings (
        <code className="font-mono text-xs">CODE_MODEL_URL</code> and its kin), and which of them a job asks
        when it is made; keys are never shown.
      </p>
      <Calls />
    </Page>
  )
}
