import type { Job, OutputFile, PictureProof as Proof, Results } from '@/api/types'
import { EmptyState } from '@/components/empty-state'
import { OutputImage, OutputText } from '@/features/results/output-view'
import { parseOverlay } from './calibration'
import { PictureProof } from './picture-proof'
import { Rounds } from './rounds'

type Props = { job: Job; results: Results | undefined; over: boolean }

function OneProof({
  job,
  proof,
  outputs,
  over,
}: {
  job: Job
  proof: Proof
  outputs: readonly OutputFile[]
  over: boolean
}) {
  const data = outputs.find((output) => output.name === proof.overlay_json)
  const image = outputs.find((output) => output.name === proof.overlay_png)
  const fileId = job.file_ids[proof.picture]
  if (data && fileId)
    return (
      <OutputText output={data}>
        {(text) => {
          const overlay = parseOverlay(text)
          if (!overlay) return image ? <OutputImage output={image} className="max-h-[40rem]" /> : null
          const original = `/api/v1/files/${fileId}/content`
          return (
            <PictureProof
              jobId={job.id}
              picture={proof.picture}
              original={original}
              overlay={overlay}
              over={over}
            />
          )
        }}
      </OutputText>
    )
  return image ? <OutputImage output={image} className="max-h-[40rem]" /> : null
}

/** Whether the numbers can be believed: each laid back onto the picture it was read from. */
export function ProofTab({ job, results, over }: Props) {
  const proofs = results?.proof ?? []
  const rounds = results?.rounds ?? []
  if (proofs.length === 0 && rounds.length === 0)
    return over ? (
      <EmptyState title="No proof for this one">
        <p>
          Values are laid back onto the picture where they were read along axes. Here none were, or the job
          ended before.
        </p>
      </EmptyState>
    ) : (
      <EmptyState title="The proof comes last">
        <p>When the values are there, each is laid back onto your picture to see whether it fits.</p>
      </EmptyState>
    )
  return (
    <div className="grid gap-8">
      {proofs.map((proof) => (
        <section
          key={proof.picture}
          aria-label={`Proof of picture ${proof.picture + 1}`}
          className="grid gap-3"
        >
          {proofs.length > 1 && <h2 className="font-display text-2xl">Picture {proof.picture + 1}</h2>}
          <OneProof job={job} proof={proof} outputs={results?.outputs ?? []} over={over} />
        </section>
      ))}
      {rounds.length > 0 && <Rounds rounds={rounds} />}
    </div>
  )
}
