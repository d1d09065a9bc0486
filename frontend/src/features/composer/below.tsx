import type { Job } from '@/api/types'
import { Recent } from './recent'
import { Samples } from './samples'

type Props = { jobs: readonly Job[]; onPick: (file: File, prompt: string) => void }

/** What stands below the composer: a chunk of its own, so that the composer comes first. */
export default function Below({ jobs, onPick }: Props) {
  return (
    <>
      <Samples onPick={onPick} />
      <Recent jobs={jobs} />
    </>
  )
}
