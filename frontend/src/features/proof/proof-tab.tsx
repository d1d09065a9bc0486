export function ProofTab(_: { job: unknown; results: unknown; over: boolean }) {
  return null
}
