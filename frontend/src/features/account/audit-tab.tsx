import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useApi } from '@/api/context'
import { ProblemAlert } from '@/components/problem-alert'
import { Button } from '@/components/ui/button'
import { Skeleton } from '@/components/ui/skeleton'
import { plainName } from '@/lib/format'
import { audit, people } from './api'
import { Section } from './parts'
import { actionWords } from './words'

/** What was done about people, sessions, invitations and keys. For owners. */
export default function AuditTab() {
  const api = useApi()
  const pages = useInfiniteQuery(audit(api))
  const everybody = useQuery(people(api))
  const nameOf = (id: string | null | undefined) =>
    id ? plainName(everybody.data?.find((person) => person.id === id)?.name ?? 'somebody') : 'nobody known'
  const lines = pages.data?.pages.flatMap((page) => page?.lines ?? []) ?? []
  return (
    <div className="grid max-w-4xl gap-8">
      <Section
        title="Audit"
        lead="What was done about people, sessions, invitations and keys, newest first. Nothing in it can be changed."
      >
        {pages.isError && <ProblemAlert error={pages.error} onRetry={() => void pages.refetch()} />}
        {pages.isPending && <Skeleton className="h-40" />}
        {pages.data && lines.length === 0 && (
          <p className="text-sm text-muted-foreground">Nothing was done yet.</p>
        )}
        {lines.length > 0 && (
          <div
            tabIndex={0}
            role="region"
            aria-label="Lines of the audit"
            className="scroll-thin max-h-[40rem] overflow-auto"
          >
            <table className="w-full text-left text-sm">
              <thead className="sticky top-0 bg-card">
                <tr>
                  {['When', 'Who', 'What', 'From'].map((name) => (
                    <th key={name} scope="col" className="py-1.5 pr-4 font-medium">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {lines.map((line) => (
                  <tr key={line.id} className="border-t align-top">
                    <td className="py-1.5 pr-4 text-muted-foreground tabular-nums sm:whitespace-nowrap">
                      {new Date(line.at).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' })}
                    </td>
                    <td className="max-w-40 py-1.5 pr-4 break-words">{nameOf(line.actor)}</td>
                    <td className="py-1.5 pr-4">{actionWords(line.action)}</td>
                    <td className="py-1.5 whitespace-nowrap text-muted-foreground tabular-nums">
                      {plainName(line.address)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {pages.hasNextPage && (
          <Button
            className="mt-4"
            variant="outline"
            disabled={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            {pages.isFetchingNextPage ? 'Loading…' : 'Older'}
          </Button>
        )}
      </Section>
    </div>
  )
}
